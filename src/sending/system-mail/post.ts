import { parseAddress } from '../../addresses.js';
import { config } from '../../config.js';
import { logger } from '../../logger.js';
import type { SystemMail } from '../../models/system-mail.js';
import type { Sealed } from '../../secrets.js';
import { classify, type SendFailure } from '../../ses/errors.js';
import type { Gateway, RawMessage } from '../../ses/gateway.js';
import { compose } from '../batch/compose.js';
import * as breaker from '../limits/breaker.js';
import * as limiter from '../limits/limiter.js';
import { openContent } from './content.js';
import { noteFailed, noteSent, putOff } from './ledger.js';

/**
 * Calls SES once with a claimed message and records what came of it. Other than a business's, one without a clear answer is
 * tried again as well: better twice than never.
 * @param isWatched whether the account's breaker waits for clear answers.
 * @throws the error of MongoDB or Redis; the message is then due again when its claim ends.
 */
export async function post(master: Gateway, mail: SystemMail, isWatched: boolean): Promise<void> {
  const message = rawOf(mail);
  if (!message) return giveUp(mail, 'Its content cannot be read: it was encrypted under another ENCRYPTION_KEY');
  const failure = await master.send(message).then(
    () => undefined,
    (error: unknown) => classify(error),
  );
  // First what became of it, then what it says of the account.
  await (failure ? noteFailure(mail, failure) : noteSent(mail));
  await tellAccount(master.account, failure, isWatched);
}

async function noteFailure(mail: SystemMail, failure: SendFailure): Promise<void> {
  const reason = 'message' in failure ? `${failure.code}: ${failure.message}` : failure.kind;
  if (failure.kind === 'rejected') return giveUp(mail, reason);
  const { _id: mailId, attempts } = mail;
  const isPutOff = await putOff(mail, reason);
  logger().warn({ mailId, attempts, failure: failure.kind, isPutOff }, 'a message of the hub itself was not sent');
}

async function tellAccount(account: string, failure: SendFailure | undefined, isWatched: boolean): Promise<void> {
  const isUnclear = failure?.kind === 'unclear';
  const isClear = !isUnclear && failure?.kind !== 'unreachable';
  if (isUnclear || isWatched) await breaker.report(account, isUnclear ? 1 : 0, isClear ? 1 : 0);
  if (failure?.kind === 'throttled') await limiter.rest(account);
  if (failure?.kind === 'day_exhausted') await limiter.exhaustDay(account);
}

async function giveUp(mail: SystemMail, reason: string): Promise<void> {
  await noteFailed(mail, reason);
  logger().error({ mailId: mail._id, attempts: mail.attempts }, 'a message of the hub itself is given up');
}

/** Undefined where its content cannot be read. */
function rawOf({ _id, to, content }: SystemMail): RawMessage | undefined {
  const sender = parseAddress(config().masterSes?.from ?? '');
  if ('reason' in sender) throw new Error(`SYSTEM_FROM_EMAIL: ${sender.reason}`);
  const { email: from, name } = sender;
  try {
    const letter = openContent(_id, content as Sealed);
    const raw = compose({
      ...letter,
      from: { address: from, ...(name ? { name } : {}) },
      to: [{ address: to }],
      // No out-of-office is answered to it (RFC 3834 §5).
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    return { raw, from, to, tags: { pmh_system: _id.toHexString() } };
  } catch (err) {
    logger().error({ err, mailId: _id }, 'a message of the hub itself cannot be made');
    return undefined;
  }
}
