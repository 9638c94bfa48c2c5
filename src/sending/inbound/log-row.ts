import { createHash } from 'node:crypto';
import { Types } from 'mongoose';
import type { Event, EventType } from '../../models/event.js';
import type { Notification } from '../../models/notification.js';
import type { SesEvent } from '../../ses/events.js';
import { idOfOutcome, subjectOf } from '../outcome-events.js';
import type { Subject } from './apply.js';
import { isByMachine } from './effects.js';

export type LogRow = Omit<Event, 'expiresAt' | 'data'> & { data?: Record<string, unknown> | undefined };

/**
 * What the log says of an event; nothing for one that only tells that SES goes on trying. Its id follows from SNS's
 * MessageId, or from the attempt that SES took: it is there once, however often it is written, also when the message comes again after its notification expired.
 */
export function logRowOf(notification: Notification, event: SesEvent, delivery: Subject): LogRow | undefined {
  const told = tell(event);
  if (!told) return undefined;
  return { _id: idOf(notification, event, delivery), at: event.at, ...subjectOf(delivery), ...told };
}

function idOf({ business, messageId }: Notification, { kind, tags }: SesEvent, { _id, attempts }: Subject) {
  // The hub tells this one by itself, too, where SES answered its call.
  if (kind === 'send') return idOfOutcome(_id, tags.attempt ?? attempts, 'email.sent');
  const about = `${business.toHexString()} ${messageId}`;
  return new Types.ObjectId(createHash('sha256').update(about).digest().subarray(0, 12));
}

function tell(event: SesEvent): { type: EventType; data?: Record<string, unknown> } | undefined {
  switch (event.kind) {
    case 'send':
      return { type: 'email.sent', data: { messageId: event.messageId } };
    case 'delivery':
      return { type: 'email.delivered' };
    case 'bounce': {
      const { isPermanent, type: bounceType, subType, diagnostic } = event;
      return { type: 'email.bounced', data: { permanent: isPermanent, bounceType, subType, diagnostic } };
    }
    case 'complaint':
      return { type: 'email.complained', data: { subType: event.subType, notSpam: event.isNotSpam } };
    case 'reject':
      return { type: 'email.failed', data: { reason: event.reason } };
    case 'open': {
      const { ip, userAgent } = event;
      return { type: 'email.opened', data: { machine: isByMachine(event), ip, userAgent } };
    }
    case 'click': {
      const { ip, userAgent, link } = event;
      return { type: 'email.clicked', data: { machine: isByMachine(event), ip, userAgent, link } };
    }
    case 'delay':
      return undefined;
  }
}
