import type { Types } from 'mongoose';
import { BusinessModel } from '../../models/business.js';
import { EmailCampaignModel, WAITING_PAUSES } from '../../models/email-campaign.js';
import { businessesWithRoom } from '../limits/month.js';
import { move } from './moves.js';

/** What the campaigns of a business that is suspended or cancelled are paused with. */
export const INACTIVE = 'The business is not active; it goes on when it is again';

/**
 * Lets campaigns go on whose pause has ended by itself: the month has turned or its limit was raised, or the business is
 * active again. Of one business, or of all.
 * @returns how many go on.
 */
export async function goOn(businessId?: Types.ObjectId): Promise<number> {
  const paused = await EmailCampaignModel.find(
    {
      status: 'paused',
      'pause.reason': { $in: [...WAITING_PAUSES] },
      ...(businessId ? { business: businessId } : {}),
    },
    { business: 1, pause: 1 },
  ).lean();
  if (paused.length === 0) return 0;
  const businesses = paused.map(({ business }) => business);
  const [active, withRoom] = await Promise.all([activeOf(businesses), businessesWithRoom(businesses)]);
  let resumed = 0;
  for (const { _id, business, pause } of paused) {
    const id = business.toHexString();
    const reason = pause?.reason;
    if (!active.has(id) || (reason === 'quota_exceeded' && !withRoom.has(id))) continue;
    // A person may have paused it meanwhile; that wins.
    if (await move(_id, 'resume', { where: { 'pause.reason': reason, launchedAt: { $ne: null } } })) resumed += 1;
  }
  return resumed;
}

async function activeOf(businessIds: readonly Types.ObjectId[]): Promise<Set<string>> {
  const active = await BusinessModel.find({ _id: { $in: [...businessIds] }, status: 'active' }, { _id: 1 }).lean();
  return new Set(active.map(({ _id }) => _id.toHexString()));
}
