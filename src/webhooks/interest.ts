import type { Types } from 'mongoose';
import type { Event } from '../models/event.js';
import { type WebhookEndpoint, WebhookEndpointModel } from '../models/webhook-endpoint.js';

/** What decides whether an endpoint gets an event. */
type Subscription = Pick<WebhookEndpoint, 'business' | 'types'>;

/** Whether an endpoint gets an event, by its type. No types: all. */
export const wants = ({ types }: Pick<WebhookEndpoint, 'types'>, { type }: Pick<Event, 'type'>): boolean =>
  types.length === 0 || types.includes(type);

/** The active endpoints of businesses. */
export function activeOf(businesses: readonly Types.ObjectId[]): Promise<WebhookEndpoint[]> {
  return WebhookEndpointModel.find({ business: { $in: businesses }, isActive: true }).lean<WebhookEndpoint[]>();
}

/**
 * Which events some endpoint gets. One indexed read a call, and none is kept for the next: an endpoint is told of all that
 * begins to be logged after its creation was answered, by whichever process. What was being logged at that very moment is in
 * the log, and comes by a replay.
 */
export async function interest(
  events: readonly Pick<Event, 'business' | 'type'>[],
): Promise<(event: Pick<Event, 'business' | 'type'>) => boolean> {
  const ids = new Map(events.map(({ business }) => [business.toHexString(), business]));
  const active = await WebhookEndpointModel.find({ business: { $in: [...ids.values()] }, isActive: true })
    .select({ business: 1, types: 1 })
    .lean<Subscription[]>();
  return (event) => active.some((one) => one.business.equals(event.business) && wants(one, event));
}
