import { Types } from 'mongoose';
import type { EventType } from '../../src/models/event.js';
import { log } from '../../src/sending/log.js';
import { type Registered, unique } from './factories.js';
import { as } from './sending.js';

/** A webhook as the API shows it when it is made. */
export interface Hook {
  id: string;
  secret: string;
}

/** Makes a webhook through the API. */
export async function hook(who: Registered, url: string, fields: object = {}): Promise<Hook> {
  const { webhook } = await as(who, 'post', '/api/webhooks', { name: unique('hook'), url, ...fields }, 201);
  return webhook;
}

/** A webhook as the API shows it now. */
export const shown = async (who: Registered, { id }: Hook) => (await as(who, 'get', `/api/webhooks/${id}`)).webhook;

/** The latest attempts of a webhook, newest first. */
export const attemptsOf = async (who: Registered, { id }: Hook, query = '') =>
  (await as(who, 'get', `/api/webhooks/${id}/attempts?limit=200${query}`)).attempts;

/** Logs so many events of the business, as the engine does. @returns their ids, in order. */
export async function happen(
  { businessId }: Registered,
  { type = 'email.bounced', count = 1, at = new Date() }: { type?: EventType; count?: number; at?: Date } = {},
): Promise<string[]> {
  const events = Array.from({ length: count }, (_, n) => ({
    _id: new Types.ObjectId(),
    business: new Types.ObjectId(businessId),
    type,
    at,
    delivery: new Types.ObjectId(),
    email: `p${n}@people.test`,
    data: { permanent: true, bounceType: 'Permanent', subType: 'General' },
  }));
  await log(events);
  return events.map(({ _id }) => _id.toHexString());
}
