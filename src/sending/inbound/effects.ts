import type { Delivery, DeliveryStatus } from '../../models/delivery.js';
import type { SesEvent } from '../../ses/events.js';
import { isMachine } from '../../tracking/machines.js';
import { EVENT_RANK, REJECTED } from '../states.js';

/** Addresses of SES's mailbox simulator prove nothing about a sender. */
const SIMULATOR = /@simulator\.amazonses\.com$/i;

/** The account's own list kept it back: nobody was bothered (Amazon SES Developer Guide, "account-level suppression list"). */
const ON_ACCOUNT_LIST = 'OnAccountSuppressionList';

/** What an event makes of a delivery. */
interface Effect {
  status: DeliveryStatus;
  /** Set to the earliest time that an event tells. */
  times: readonly ('deliveredAt' | 'bouncedAt' | 'complainedAt' | 'failedAt' | Visit)[];
  error?: { code: string; message: string };
  harm?: 'bounced' | 'complained' | undefined;
}

type Visit = 'openedAt' | 'clickedAt' | 'machineOpenedAt' | 'machineClickedAt';

/**
 * The update by which an event moves its delivery, forward only (`EVENT_RANK`), whatever the order and the number of events.
 * It settles what was in doubt: also a delivery that waits for another try, of which an earlier attempt is now known to
 * have gone out. Pure.
 * @returns a pipeline.
 */
export function updateOf(event: SesEvent): object[] {
  return pipelineOf(event, effectOf(event));
}

/** Why an event keeps its address from being written to again. */
export function harmOf(event: SesEvent): 'bounced' | 'complained' | undefined {
  if (event.kind === 'bounce' && event.isPermanent) return 'bounced';
  if (event.kind === 'complaint' && !event.isNotSpam) return 'complained';
  return undefined;
}

function effectOf(event: SesEvent): Effect {
  switch (event.kind) {
    case 'send':
    case 'delay':
      return { status: 'sent', times: [] };
    case 'delivery':
      return { status: 'delivered', times: ['deliveredAt'] };
    case 'reject':
      return {
        status: 'failed',
        times: ['failedAt'],
        error: { code: REJECTED, message: event.reason },
      };
    case 'bounce':
      // A transient bounce may be followed by a delivery: it says only that the message went out.
      if (!event.isPermanent) return { status: 'sent', times: [] };
      return {
        status: 'bounced',
        times: ['bouncedAt'],
        error: { code: event.subType || 'Permanent', message: event.diagnostic },
        harm: countsAgainst(event) ? 'bounced' : undefined,
      };
    case 'complaint':
      // He has the message, and wants it.
      if (event.isNotSpam) return { status: 'sent', times: [] };
      return {
        status: 'complained',
        times: ['complainedAt'],
        harm: countsAgainst(event) ? 'complained' : undefined,
      };
    case 'open':
      return { status: 'sent', times: [isByMachine(event) ? 'machineOpenedAt' : 'openedAt'] };
    case 'click':
      // Who follows a link has the message open, also where its images are not loaded.
      return { status: 'sent', times: isByMachine(event) ? ['machineClickedAt'] : ['clickedAt', 'openedAt'] };
  }
}

/** By the time of sending, which each event tells: so it is the same whatever came first. */
export function isByMachine({ userAgent, ip, at, sentAt }: SesEvent & { userAgent: string; ip: string }): boolean {
  return isMachine({ userAgent, ip, at, isPrefetch: false }, { sentAt });
}

function countsAgainst(event: SesEvent & { subType: string }): boolean {
  return event.subType !== ON_ACCOUNT_LIST && !event.recipients.some((address) => SIMULATOR.test(address));
}

/** One pipeline, so that what the delivery is and what it becomes are seen at one moment. */
function pipelineOf(event: SesEvent, { status, times, error, harm }: Effect) {
  const target = EVENT_RANK[status];
  const below = Object.entries(EVENT_RANK).flatMap(([from, rank]) => (rank < target ? [from] : []));
  const isBelow = { $in: ['$status', below] };
  // Where SES refused the last attempt, an earlier one went out after all.
  const isRefused = { $and: [{ $eq: ['$status', 'failed'] }, { $ne: ['$error.code', REJECTED] }] };
  // What SES rejected was not sent by that attempt; of another one, or one that is waited for, that says nothing.
  const isLast = { $eq: ['$attempts', event.tags.attempt ?? '$attempts'] };
  const moves =
    status === 'failed' ? { $and: [isBelow, { $ne: ['$status', 'pending'] }, isLast] } : { $or: [isBelow, isRefused] };
  // Of several events of a kind the earliest counts, whichever came first.
  const earliest = times.map((field) => [field, { $min: [`$${field}`, event.at] }]);
  const keep = (field: keyof Delivery) => ({ $ifNull: [`$${field}`, '$$REMOVE'] });
  // What had counted as a bounce may turn out a complaint; nothing else about it changes.
  const isNews = harm === 'complained' ? { $ne: ['$harm', harm] } : { $eq: [{ $type: '$harm' }, 'missing'] };
  return [
    { $set: { moves, isRefused: status === 'failed' ? false : isRefused } },
    {
      $set: {
        // The attempt that SES refused used nothing of the month; the one that went out is among `pastPeriods`.
        claim: { $cond: ['$isRefused', '$$REMOVE', keep('claim')] },
        failedAt: { $cond: ['$isRefused', '$$REMOVE', keep('failedAt')] },
        status: { $cond: ['$moves', status, '$status'] },
        messageId: { $ifNull: ['$messageId', { $literal: event.messageId }] },
        // SES had taken it, whatever became of it then: also what it rejected afterwards.
        sentAt: { $ifNull: ['$sentAt', event.sentAt] },
        ...Object.fromEntries(earliest),
        ...(harm
          ? { harm: { $cond: [isNews, harm, '$harm'] }, harmedAt: { $cond: [isNews, '$$NOW', '$harmedAt'] } }
          : {}),
        error: { $cond: ['$moves', error ? { $literal: error } : '$$REMOVE', keep('error')] },
        unconfirmedAt: { $cond: ['$moves', '$$REMOVE', keep('unconfirmedAt')] },
      },
    },
    { $unset: ['moves', 'isRefused'] },
  ];
}
