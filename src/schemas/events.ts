import { z } from 'zod';
import { EVENT_TYPES, type Event } from '../models/event.js';
import { Id, operation, PageQuery, Pagination, Timestamp } from './operation.js';

const EventView = z
  .object({
    id: Id,
    type: z.enum(EVENT_TYPES),
    at: z.iso.datetime(),
    campaign: Id.nullable(),
    data: z.record(z.string(), z.unknown()).meta({
      description:
        '`campaign.paused`: reason, message. `campaign.completed`: total, sent, failed, suppressed, unconfirmed. `quota.warning` and `quota.exceeded`: used, limit, period. Empty for others',
    }),
  })
  .meta({ id: 'Event' });

export const ListEvents = operation({
  summary: 'The log of what happened, newest first',
  description: 'Events stay for 90 days.',
  query: PageQuery.extend({
    type: z.enum(EVENT_TYPES).optional(),
    campaign: Id.optional(),
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
export function presentEvent({ _id, type, at, campaign, data }: Event): z.output<typeof EventView> {
  return {
    id: _id.toHexString(),
    type,
    at: at.toISOString(),
    campaign: campaign?.toHexString() ?? null,
    data: data ?? {},
  };
}
