import { parseAddress } from '../../addresses.js';
import type { Variables } from '../../schemas/common.js';

/** A line of an import, in bytes of UTF-8; a longer one breaks the stream. */
export const MAX_LINE_BYTES = 65_536;

/** A name, an address and what is around them; nothing longer is looked at. */
const MAX_WRITTEN_LENGTH = 500;
const MAX_NAME_LENGTH = 200;
const MAX_SHOWN_EMAIL = 320;
const CONTROL = /\p{Cc}/u;

/** Somebody to be mailed, checked and in the hub's spelling. */
export interface Recipient {
  email: string;
  name: string | undefined;
  variables: Variables | undefined;
}

/** A record that cannot go into the ledger. `line` counts from 1; for a JSON body it is the place in `recipients`. */
export interface Rejection {
  line: number;
  /** As it was written, cut to 320 characters; empty where the record had none. */
  email: string;
  /** For a person to read. */
  reason: string;
}

/** One record of a source: a recipient, or why it is none. */
export type Entry = { line: number; recipient: Recipient } | Rejection;

export const reject = (line: number, email: string, reason: string): Rejection => ({
  line,
  email: email.slice(0, MAX_SHOWN_EMAIL),
  reason,
});

/**
 * Checks one record. The name may stand in the address, `Name <a@b.c>`; one given beside it wins.
 * @param variables checked by the reader, which knows what needs checking of its format.
 */
export function readEntry(line: number, email: string, name: string, variables: Variables | undefined): Entry {
  if (email.length > MAX_WRITTEN_LENGTH) return reject(line, email, 'longer than an address can be');
  const address = parseAddress(email);
  if ('reason' in address) return reject(line, email, address.reason);
  const given = name.trim() || address.name;
  const problem = given === undefined ? undefined : nameProblem(given);
  if (problem) return reject(line, email, problem);
  return { line, recipient: { email: address.email, name: given, variables } };
}

/** A name becomes a header: CR or LF would end it. */
function nameProblem(name: string): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return `the name is longer than ${MAX_NAME_LENGTH} characters`;
  return CONTROL.test(name) ? 'the name has a line break or control character' : undefined;
}
