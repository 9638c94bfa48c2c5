import type { SESClient } from '@aws-sdk/client-ses';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SNSClient } from '@aws-sdk/client-sns';
import type { Business } from '../models/business.js';
import { clientOptions, newSesClient } from './clients.js';
import { accountOf, credentialsOf } from './credentials.js';
import { classify } from './errors.js';
import { untilTurn } from './pacing.js';

/** One call gets so long, in ms: a person waits, or others in the background. */
const LIMIT_MS = 5_000;

/** Others use the account as well; a throttled call is tried so often. */
const TRIES = 3;

/** Everything of an account but sending: identities, configuration sets, topics. */
export interface Administration {
  readonly region: string;
  /** By STS, where it answered when the account was connected. */
  readonly accountId: string | undefined;
  /** A call to SES, in its turn. @throws the SDK's error; TooBusy. */
  ses<T>(call: (client: SESClient, limit: { abortSignal: AbortSignal }) => Promise<T>): Promise<T>;
  sesV2<T>(call: (client: SESv2Client, limit: { abortSignal: AbortSignal }) => Promise<T>): Promise<T>;
  /** SNS has limits of its own, which are out of reach here. */
  sns<T>(call: (client: SNSClient, limit: { abortSignal: AbortSignal }) => Promise<T>): Promise<T>;
}

/**
 * Lends the administration of a business's account for the length of `work`.
 * @returns undefined where no account is connected.
 * @throws Error when its credentials were sealed under another ENCRYPTION_KEY; what `work` throws.
 */
export async function administer<T>(
  business: Pick<Business, '_id' | 'sesConfiguration'>,
  work: (account: Administration) => Promise<T>,
): Promise<T | undefined> {
  const credentials = credentialsOf(business);
  if (!credentials) return undefined;
  const account = accountOf(business);
  const ses = newSesClient(credentials, 4);
  const sesV2 = new SESv2Client(clientOptions(credentials, 4));
  const sns = new SNSClient(clientOptions(credentials, 4));
  const paced = <T>(call: () => Promise<T>) => throttled(() => untilTurn(account).then(call));
  try {
    return await work({
      region: credentials.region,
      accountId: business.sesConfiguration.accountId ?? undefined,
      ses: (call) => paced(() => call(ses, limit())),
      sesV2: (call) => paced(() => call(sesV2, limit())),
      sns: (call) => throttled(() => call(sns, limit())),
    });
  } finally {
    for (const client of [ses, sesV2, sns]) client.destroy();
  }
}

const limit = () => ({ abortSignal: AbortSignal.timeout(LIMIT_MS) });

/** None of these calls sends anything, and each may be made twice. */
async function throttled<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (classify(error).kind !== 'throttled' || tries === TRIES) throw error;
    }
  }
}

/** What the keys were not allowed, in the words of a policy. */
export interface Denial {
  action: string;
  resource: string;
}

/**
 * What IAM refused the keys, read from the sentence in which AWS says so ("User: … is not authorized to perform: … on
 * resource: …").
 * @param action what was tried, where the sentence does not name it.
 * @returns undefined for any other error.
 */
export function denialOf(error: unknown, action: string): Denial | undefined {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  if (typeof name !== 'string' || !/^(AccessDenied|AuthorizationError|NotAuthorized)/.test(name)) return undefined;
  const said = /perform: ([\w-]+:\w+)(?: on resource: (\S+))?/.exec(typeof message === 'string' ? message : '');
  const named = said?.[1]?.replace(/^SNS:/, 'sns:') ?? action;
  return { action: named, resource: said?.[2] ?? '*' };
}
