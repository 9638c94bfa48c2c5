import { Types } from 'mongoose';
import type { Attempt } from '../../attempt.js';
import { invalidTransition, notFound } from '../../errors.js';
import {
  type EmailCampaign,
  EmailCampaignModel,
  type HoldReason,
  type PauseReason,
} from '../../models/email-campaign.js';
import type { EventType } from '../../models/event.js';
import { JOURNALED } from '../../mongo.js';
import { owned, type Tenant } from '../../tenant.js';
import { CAMPAIGN_MOVES, type CampaignMove } from '../states.js';

/** What a move does beside it. */
export interface Change {
  set?: Record<string, unknown>;
  unset?: Record<string, 1>;
  /** What else must hold for the move. */
  where?: Record<string, unknown>;
  /** Told to the business: written by the same update, so that neither can be without the other. */
  event?: { type: EventType; data?: Record<string, unknown> };
  /** The request that asks for it, and what it is told beside the campaign. */
  by?: { attempt: Attempt; told?: Told };
}

/** What the answer of a move says beside the campaign. */
type Told = Record<string, unknown>;

/** So many requests that moved a campaign are remembered by their keys. */
const KEPT_MOVES = 20;

/**
 * Makes one move of the table, if the campaign is where the move begins. Journaled: a campaign that was said to be
 * paused stays so. A request with a key leaves its mark by the same write, and moves no campaign that has it: also when it
 * comes again after others have moved the campaign on and back.
 * @returns the campaign after the move, or undefined when it was somewhere else.
 */
export async function move(
  campaignId: Types.ObjectId,
  name: CampaignMove,
  { set, unset, where, event, by }: Change = {},
): Promise<EmailCampaign | undefined> {
  const { from, to } = CAMPAIGN_MOVES[name];
  const told = event && { _id: new Types.ObjectId(), type: event.type, at: new Date(), data: event.data ?? {} };
  // Whatever held it up is over with the state it was in.
  const forget = {
    hold: 1,
    ...(to === 'paused' ? {} : { pause: 1 }),
    ...(to === 'sending' ? { reconciled: 1, completedAt: 1 } : {}),
    ...unset,
  } as const;
  const { once, mark } = markOf(by);
  const moved = await EmailCampaignModel.findOneAndUpdate(
    { ...where, ...once, _id: campaignId, status: { $in: from }, isDeleted: { $ne: true } },
    {
      $set: { ...set, status: to, ...(to === 'sending' ? { isUnchecked: true } : {}) },
      $unset: forget,
      ...(told || mark ? { $push: { ...(told ? { outbox: told } : {}), ...mark } } : {}),
    },
    { returnDocument: 'after', lean: true, writeConcern: JOURNALED },
  );
  return moved ?? undefined;
}

/** The filter and the `$push` that make a request's change of a campaign once; nothing for one without a key. */
export function markOf(by: Change['by']) {
  if (!by?.attempt.isKeyed) return {};
  const { attempt, told } = by;
  return {
    once: { 'moves._id': { $ne: attempt.id } },
    mark: { moves: { $each: [{ _id: attempt.id, ...(told ? { told } : {}) }], $slice: -KEPT_MOVES } },
  };
}

/**
 * The campaign that an earlier try of the same request has moved, as it is now, and what that try was to tell beside it.
 * Undefined where none has.
 */
export async function movedBefore<T extends Told>(
  tenant: Tenant,
  campaignId: Types.ObjectId,
  attempt: Attempt,
): Promise<({ campaign: EmailCampaign } & T) | undefined> {
  if (!attempt.isRepeat) return undefined;
  const filter = { ...existing(tenant, campaignId), 'moves._id': attempt.id };
  const campaign = await EmailCampaignModel.findOne(filter).lean<EmailCampaign>();
  if (!campaign) return undefined;
  const made = campaign.moves?.find(({ _id }) => _id.equals(attempt.id));
  return { campaign, ...(made?.told as T) };
}

/** Pauses a running campaign for a reason that the caller of the API reads; nothing when it is not running. */
export function pause(campaignId: Types.ObjectId, reason: PauseReason, message: string) {
  return move(campaignId, 'pause', because(reason, message));
}

/** Pauses all that a business has running. @returns how many there were. */
export async function pauseAll(businessId: Types.ObjectId, reason: PauseReason, message: string): Promise<number> {
  const running = await EmailCampaignModel.find({ business: businessId, status: 'sending' }, { _id: 1 }).lean();
  const paused = await Promise.all(running.map(({ _id }) => pause(_id, reason, message)));
  return paused.filter(Boolean).length;
}

/** The change of a move that pauses. */
export function because(reason: PauseReason, message: string): Change {
  return {
    set: { pause: { reason, message, at: new Date() } },
    event: { type: 'campaign.paused', data: { reason, message } },
  };
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
  const campaign = await EmailCampaignModel.findOne(existing(tenant, campaignId), { status: 1 }).lean();
  if (!campaign) throw notFound('campaign');
  const from = CAMPAIGN_MOVES[name].from.join(', ').replace(/, (\w+)$/, ' or $1');
  throw invalidTransition(`This campaign is ${campaign.status}; only one that is ${from} can be ${DONE[name]}`);
}

/** The moves in words, after "can be". */
const DONE: Record<CampaignMove, string> = {
  schedule: 'scheduled (for another time, change its scheduledFor)',
  unschedule: 'unscheduled',
  send: 'sent',
  launch: 'launched',
  withhold: 'withheld',
  pause: 'paused',
  resume: 'resumed',
  complete: 'completed',
  retry: 'retried',
  reopen: 'reopened',
  cancel: 'cancelled',
};

/** The filter of one campaign of the tenant's; one that is being deleted is gone. */
export function existing(tenant: Tenant, campaignId: Types.ObjectId) {
  return owned(tenant, { _id: campaignId, isDeleted: { $ne: true } });
}

/** Why nothing of a campaign goes out for a while. */
export interface Hold {
  reason: HoldReason;
  message: string;
  /** When it is expected to go on, if that is known. */
  until?: Date | undefined;
  /** When it is tried again. */
  retryAt: Date;
}

/** Says of a running campaign that nothing goes out for a while, and why. It stays `sending`, and goes on by itself. */
export async function hold(campaignId: Types.ObjectId, { reason, message, until, retryAt }: Hold): Promise<void> {
  const isNew = { $ne: [{ $ifNull: ['$hold.reason', null] }, reason] };
  await EmailCampaignModel.updateOne(
    { _id: campaignId, status: 'sending' },
    [
      {
        $set: {
          hold: {
            reason,
            message: { $literal: message },
            retryAt,
            since: { $cond: [isNew, '$$NOW', '$hold.since'] },
            until: until ?? '$$REMOVE',
          },
        },
      },
    ],
    { updatePipeline: true, timestamps: false },
  );
}

/** What held a business's campaigns for this reason may be gone: they are tried at once. */
export async function wake(businessId: Types.ObjectId, reason: HoldReason): Promise<void> {
  await EmailCampaignModel.updateMany(
    { business: businessId, status: 'sending', 'hold.reason': reason },
    { $set: { 'hold.retryAt': new Date(0) } },
    { timestamps: false },
  );
}

/** It goes out again. */
export async function unhold(campaignId: Types.ObjectId): Promise<void> {
  await EmailCampaignModel.updateOne({ _id: campaignId }, { $unset: { hold: 1 } }, { timestamps: false });
}
