import type { Types } from 'mongoose';
import type { z } from 'zod';
import { notFound } from '../errors.js';
import { type Delivery, DeliveryModel } from '../models/delivery.js';
import { EmailCampaignModel } from '../models/email-campaign.js';
import type { ListRecipients } from '../schemas/recipients.js';
import { existing } from '../sending/campaigns/moves.js';
import { owned, type Tenant } from '../tenant.js';
import type { Page } from './pages.js';
import { startingWith } from './prefix.js';
import { lease } from './recipient-import/lease.js';
import { byAddress, bySending } from './recipient-pages.js';

/**
 * A page of a campaign's recipients: by address, or with a status alone in the order in which they are sent.
 * @throws AppError `not_found`, or `validation_failed` for a cursor that no page of this order gave.
 */
export async function list(
  tenant: Tenant,
  campaignId: Types.ObjectId,
  { status, email, cursor, limit }: z.output<typeof ListRecipients.query>,
): Promise<Page<Delivery>> {
  const order = status && !email ? bySending : byAddress;
  const after = cursor === undefined ? {} : order.after(cursor);
  await requireCampaign(tenant, campaignId);
  const filter = {
    ...recipientsOf(tenant, campaignId),
    ...(status ? { status } : {}),
    ...(email ? { $and: [{ email: startingWith(email) }] } : {}),
    ...after,
  };
  // One more than asked for tells whether there is a next page.
  const rows = await DeliveryModel.find(filter)
    .sort(order.sort)
    .limit(limit + 1)
    .lean<Delivery[]>();
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, pagination: { nextCursor: last ? order.cursorOf(last) : null, hasMore: last !== undefined } };
}

/**
 * Takes a recipient out of a campaign that is not launched yet. The lease keeps it from being launched in between.
 * @throws AppError `not_found`, or `invalid_transition` for a campaign that is neither draft nor scheduled.
 */
export async function remove(tenant: Tenant, campaignId: Types.ObjectId, recipientId: Types.ObjectId): Promise<void> {
  const held = await lease(tenant, campaignId);
  try {
    const { deletedCount } = await DeliveryModel.deleteOne(
      owned(tenant, { _id: recipientId, campaign: campaignId, status: 'pending' as const }),
    );
    if (deletedCount === 0) throw notFound('recipient');
  } finally {
    await held.release();
  }
}

/** @throws AppError `not_found` where the tenant has no such campaign. */
export async function requireCampaign(tenant: Tenant, campaignId: Types.ObjectId): Promise<void> {
  if (!(await EmailCampaignModel.exists(existing(tenant, campaignId)))) throw notFound('campaign');
}

/**
 * The filter of a campaign's deliveries. The index over campaign and address is partial, and MongoDB takes a partial
 * index only for a filter that repeats its condition: hence the `$type`.
 */
export const recipientsOf = (tenant: Tenant, campaignId: Types.ObjectId) =>
  owned(tenant, { campaign: { $eq: campaignId, $type: 'objectId' as const } });
