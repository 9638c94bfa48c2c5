import { Types } from 'mongoose';
import { AppError } from '../errors.js';
import { type WebhookEndpoint, WebhookEndpointModel } from '../models/webhook-endpoint.js';
import { JOURNALED } from '../mongo.js';
import { owned, type Tenant } from '../tenant.js';
import { newSecret } from '../webhooks/secrets.js';
import * as webhooks from './webhooks.js';

/** The webhook that is `settings.webhookUrl` of its business. It alone is the truth: the setting is kept nowhere else. */
const NAME = 'default';

/** The URLs of businesses that have one, by the business's id. */
export async function urlsOf(businesses: readonly Types.ObjectId[]): Promise<Map<string, string>> {
  const found = await WebhookEndpointModel.find({ business: { $in: businesses }, name: NAME })
    .select({ business: 1, url: 1 })
    .lean<Pick<WebhookEndpoint, 'business' | 'url'>[]>();
  return new Map(found.map(({ business, url }) => [business.toHexString(), url]));
}

/**
 * Has everything posted to this URL: changes the webhook, and switches it on, or makes it where there is none. Null deletes it,
 * with what waits for it. One write in each case. The secret of one that is made is nobody's before it is rotated.
 * @throws AppError `conflict` where the business has as many webhooks as it may.
 */
export async function set(tenant: Tenant, url: string | null): Promise<void> {
  const own = owned(tenant, { name: NAME });
  if (url === null) {
    const endpoint = await WebhookEndpointModel.findOne(own).lean<WebhookEndpoint>();
    if (endpoint) await webhooks.remove(tenant, endpoint._id.toHexString()).catch(unlessGone);
    return;
  }
  const update = () =>
    WebhookEndpointModel.findOneAndUpdate(
      own,
      { $set: { url, isActive: true }, $unset: { disabled: 1, failingSince: 1 } },
      { writeConcern: JOURNALED },
    ).lean<WebhookEndpoint>();
  if (await update()) return;
  const fields = { name: NAME, url, types: [], isActive: true };
  await webhooks.insert(tenant, new Types.ObjectId(), fields, newSecret()).catch(async (error: unknown) => {
    // Made by another at this very moment.
    if (!(await update())) throw error;
  });
}

function unlessGone(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
}
