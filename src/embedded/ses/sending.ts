import type { Account } from './accounts.js';
import type { Caller } from './caller.js';
import { notVerified, sendingPaused } from './errors.js';
import type { Loss } from './failures.js';
import { type Outgoing, readOutgoing } from './outgoing.js';
import type { QueryRequest } from './query-protocol.js';
import type { SesState } from './state.js';

export const SEND_ACTIONS = ['SendEmail', 'SendRawEmail'] as const;
export type SendAction = (typeof SEND_ACTIONS)[number];

/** What became of a send that was not refused. */
export interface SendOutcome {
  /** Undefined when it was lost before it was accepted. */
  messageId: string | undefined;
  /** How the caller is left without a clear answer, if so. */
  loss: Loss | undefined;
  /** How long the answer has to wait. */
  latencyMs: number;
}

/**
 * Takes a message in: checks, counts, records. Whatever happens to the answer, what is accepted is recorded first.
 * @throws SesError when it is refused
 */
export async function send(
  state: SesState,
  caller: Caller,
  action: SendAction,
  request: QueryRequest,
): Promise<SendOutcome> {
  const { accounts, failures, record, now } = state;
  const account = accounts.of(caller.accessKeyId);
  const outgoing = readOutgoing(action, request);
  const { recipients, tags } = outgoing;
  const candidate = { action, accessKeyId: account.accessKeyId, recipients };
  const at = now();
  record.countOffered(account.accessKeyId, recipients.length, at);

  const lossBefore = failures.takeLoss('before', candidate);
  if (lossBefore) return { messageId: undefined, loss: lossBefore, latencyMs: 0 };
  const refusal = failures.takeRefusal(candidate);
  if (refusal) throw refusal;
  checkAccount(account, outgoing, caller.region);
  const isOverLimit = takeRoom(account, recipients.length);

  const messageId = record.accept({ accessKeyId: account.accessKeyId, recipients, tags, at, isOverLimit });
  state.events.announce({ account, outgoing, action, region: caller.region, messageId, at });
  state.recent.add(messageId, request.body);
  const loss = failures.takeLoss('after', candidate);
  const latencyMs = failures.takeLatency(candidate);
  await state.inbox.add(request.body);
  return { messageId, loss, latencyMs };
}

function checkAccount(account: Account, { sender, recipients, configurationSet }: Outgoing, region: string): void {
  const { settings, identities, configurationSets } = account;
  if (!settings.sendingEnabled) throw sendingPaused();
  // Throws where there is none of this name.
  if (configurationSet) configurationSets.destinations(configurationSet);
  const checked = [
    ...(settings.sandbox || settings.requireVerifiedSender ? [sender] : []),
    ...(settings.sandbox ? recipients : []),
  ];
  const failed = checked.filter((address) => !identities.isVerified(address));
  if (failed.length > 0) throw notVerified([...new Set(failed)], region);
}

/** Whether a limit is exceeded that this account does not enforce. */
function takeRoom({ settings, limits }: Account, recipients: number): boolean {
  const excess = limits.take(recipients);
  if (!excess) return false;
  if (settings.enforceLimits) throw excess;
  limits.count(recipients);
  return true;
}
