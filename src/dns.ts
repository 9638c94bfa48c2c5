import { promises } from 'node:dns';
import { config } from './config.js';

/** One question waits so long, in ms, and is asked so often: a person waits for the answer. */
const TIMEOUT_MS = 2_000;
const TRIES = 2;

/** What a server says of a name that does not exist, or has no record of the kind (RFC 2308). */
const NOTHING: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA']);

/** Asks the DNS servers of the machine, or those of DNS_SERVERS. */
export function resolver(): promises.Resolver {
  const made = new promises.Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  const { dnsServers } = config();
  if (dnsServers.length > 0) made.setServers(dnsServers);
  return made;
}

/** The records of an answer; none where the name has none. @throws what a server that does not answer leads to. */
export async function records<T>(answer: Promise<T[]>): Promise<T[]> {
  return answer.catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && NOTHING.has(error.code)) return [];
    throw error;
  });
}
