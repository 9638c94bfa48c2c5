import { hash as bcryptHash, compare } from 'bcrypt';
import { AppError } from '../errors.js';

/** 2^11 rounds: 120 ms of one core of the server this is made for. OWASP asks for at least 10. */
const COST = 11;

/** What bcrypt reads of a password, in bytes of UTF-8. */
const MAX_BYTES = 72;

/** A hash that no password has, of the same cost: checking against it takes as long as against a real one. */
const NOBODYS_HASH = `$2b$${COST}$${'.'.repeat(53)}`;

/**
 * Hashes at once. They run on libuv's threads, of which there are four, and files and DNS need some of them, too; more at
 * once would not be done sooner on two cores.
 */
const AT_ONCE = 2;

/** More than so many wait for nothing: the last one's turn comes after 16 s, and clients have given up by then. */
const MAX_WAITING = 256;

let busy = 0;
const waiting: (() => void)[] = [];

/** @throws AppError `unavailable` when too many wait. */
export function hash(password: string): Promise<string> {
  return inTurn(() => bcryptHash(password, COST));
}

/**
 * Whether the password is the hash's. Without a hash it does the same work and says no: silence about who exists. bcrypt
 * reads 72 bytes, so a longer password that begins with the right one is refused here.
 * @param mayTry asked when its turn has come, and throws where it may not any more: of a thousand guesses sent at once,
 * those that wait are refused once the first have failed.
 * @throws AppError `unavailable` when too many wait; what `mayTry` throws.
 */
export async function matches(
  password: string,
  stored: string | undefined,
  mayTry: () => Promise<void> = async () => undefined,
): Promise<boolean> {
  const isEqual = await inTurn(async () => {
    await mayTry();
    return compare(password, stored ?? NOBODYS_HASH);
  });
  return isEqual && stored !== undefined && Buffer.byteLength(password) <= MAX_BYTES;
}

/** Off the thread that answers requests, so that a flood of logins costs nobody else a moment. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (busy < AT_ONCE) busy += 1;
  else await turn();
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else busy -= 1;
  }
}

/** Resolves when another's work has ended, whose place it takes. */
function turn(): Promise<void> {
  if (waiting.length >= MAX_WAITING) {
    throw new AppError('unavailable', 503, 'Too many people sign in right now; try again', { retryAfterSeconds: 5 });
  }
  return new Promise((resolve) => waiting.push(resolve));
}
