import { z } from 'zod';
import { EVENT_TYPES, type Event } from '../models/event.js';
import { Email } from './common.js';
import { Id, operation, PageQuery, Pagination, Timestamp } from './operation.js';

/** What each type has to tell. */
const DATA = [
  '`email.bounced`: permanent, bounceType (Permanent, Transient or Undetermined), subType, diagnostic',
  '`email.complained`: subType, notSpam',
  '`email.sent`: messageId',
  '`email.failed`: reason, and code where the hub itself says so',
  '`email.opened`: machine, ip, userAgent',
  '`email.clicked`: the same, and link',
  '`campaign.paused`: reason, message',
  '`campaign.completed`: total, sent, failed, suppressed, unconfirmed',
  '`quota.warning` and `quota.exceeded`: used, limit, period',
  'empty for others',
].join('; ');

export const EventView = z
  .object({
    id: Id,
    type: z.enum(EVENT_TYPES),
    at: z.iso.datetime(),
    campaign: Id.nullable(),
    message: Id.nullable().meta({ description: 'The single message (`GET /api/emails/:id`) that it is about' }),
    isTest: z.boolean().meta({ description: 'Of what a test key sent: nothing of it went out' }),
    delivery: Id.nullable().meta({
      description: 'Of `email.*`: the recipient, by the id that the list of recipients has',
    }),
    email: z.string().nullable(),
    data: z.record(z.string(), z.unknown()).meta({ description: DATA }),
  })
  .meta({ id: 'Event' });

export const ListEvents = operation({
  summary: 'The log of what happened, newest first',
  description: 'Events stay for 90 days, unless the hub’s administrator says otherwise. Filters may be combined.',
  query: PageQuery.extend({
    type: z.enum(EVENT_TYPES).optional(),
    campaign: Id.optional(),
    delivery: Id.optional().meta({ description: 'Of this recipient' }),
    email: Email.optional().meta({ description: 'Of this address' }),
    from: Timestamp.transform((text) => new Date(text))
      .optional()
      .meta({ description: 'Not before this' }),
    to: Timestamp.transform((text) => new Date(text))
      .optional()
      .meta({ description: 'Before this' }),
  }),
  answer: { events: z.array(EventView), pagination: Pagination },
});

/** An event for its reader. */
export function presentEvent(event: Event): z.output<typeof EventView> {
  const { _id, type, at, campaign, message, isTest, delivery, email, data } = event;
  return {
    id: _id.toHexString(),
    type,
    at: at.toISOString(),
    campaign: campaign?.toHexString() ?? null,
    message: message?.toHexString() ?? null,
    isTest: isTest === true,
    delivery: delivery?.toHexString() ?? null,
    email: email ?? null,
    data: data ?? {},
  };
}
