import type { Types } from 'mongoose';
import { invalidTransition, notFound } from '../../errors.js';
import { type EmailCampaign, EmailCampaignModel, type PauseReason } from '../../models/email-campaign.js';
import { JOURNALED } from '../../mongo.js';
import { owned, type Tenant } from '../../tenant.js';
import { CAMPAIGN_MOVES, type CampaignMove } from '../states.js';

interface Change {
  set?: Record<string, unknown>;
  unset?: Record<string, 1>;
  /** What else must hold for the move. */
  where?: Record<string, unknown>;
}

/**
 * Makes one move of the table, if the campaign is where the move begins. Journaled: a campaign that was said to be
 * paused stays so.
 * @returns the campaign after the move, or undefined when it was somewhere else.
 */
export async function move(
  campaignId: Types.ObjectId,
  name: CampaignMove,
  change: Change = {},
): Promise<EmailCampaign | undefined> {
  const { from, to } = CAMPAIGN_MOVES[name];
  const moved = await EmailCampaignModel.findOneAndUpdate(
    { ...change.where, _id: campaignId, status: { $in: from } },
    { $set: { ...change.set, status: to }, ...(change.unset ? { $unset: change.unset } : {}) },
    { returnDocument: 'after', lean: true, writeConcern: JOURNALED },
  );
  return moved ?? undefined;
}

/** Pauses a running campaign for a reason that the caller of the API reads; nothing when it is not running. */
export function pause(campaignId: Types.ObjectId, reason: PauseReason, message: string) {
  return move(campaignId, 'pause', { set: { pause: { reason, message, at: new Date() } } });
}

/**
 * Makes a move that a person asked for.
 * @throws AppError 404 for no such campaign of the tenant, 409 `invalid_transition` when it is somewhere else.
 */
export async function moveOwned(
  tenant: Tenant,
  campaignId: Types.ObjectId,
  name: CampaignMove,
  change: Change = {},
): Promise<EmailCampaign> {
  const moved = await move(campaignId, name, { ...change, where: owned(tenant, { ...change.where }) });
  return moved ?? refuseMove(tenant, campaignId, name);
}

/** @throws AppError 404 for no such campaign of the tenant, 409 `invalid_transition` otherwise. */
export async function refuseMove(tenant: Tenant, campaignId: Types.ObjectId, name: CampaignMove): Promise<never> {
  const campaign = await EmailCampaignModel.findOne(owned(tenant, { _id: campaignId }), { status: 1 }).lean();
  if (!campaign) throw notFound('campaign');
  throw invalidTransition(
    `A campaign that is ${campaign.status} cannot ${name}: it would have to be ${CAMPAIGN_MOVES[name].from.join(' or ')}`,
  );
}
