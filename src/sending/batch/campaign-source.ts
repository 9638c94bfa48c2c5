import { DeliveryModel } from '../../models/delivery.js';
import { type EmailCampaign, EmailCampaignModel } from '../../models/email-campaign.js';
import { comeBack } from '../campaigns/comeback.js';
import { hold, pause, unhold } from '../campaigns/moves.js';
import { senderProblem } from '../domains/sender.js';
import { capsOf } from '../limits/caps.js';
import { blockedForBulk } from '../suppression.js';
import { findDueOfCampaign } from './claim.js';
import type { Mailing, Source } from './source.js';

/** So many refused messages and none taken pause a campaign. */
const REJECTIONS = 10;

/** A hold shorter than this, in ms, is a wait and nobody is told. */
const BRIEF_MS = 2_000;

/**
 * A launched campaign as a batch sees it.
 * @param campaign as the turn read it.
 */
export function campaignSource(campaign: EmailCampaign): Source {
  const { _id, business, frozen } = campaign;
  if (!frozen) throw new Error(`Campaign ${_id} was launched without content`);
  let isHeld = campaign.hold != null;
  const mailing: Mailing = { _id, business, frozen, tags: { pmh_campaign: _id.toHexString() }, hasWayOut: true };
  return {
    id: _id,
    business,
    lane: 'bulk',
    isSandbox: campaign.isTest === true,
    failsAlone: () => false,
    ownRate: campaign.ratePerSecond ? { id: _id, ratePerSecond: campaign.ratePerSecond } : undefined,
    // Checked before it was launched; but a domain may be given up, or fail, while its campaign runs.
    problemOf: (tenant) => (campaign.isTest ? undefined : senderProblem(tenant, frozen.fromEmail)),
    mailingsOf: async () => () => mailing,
    capsOf: (tenant) => capsOf(campaign, frozen.fromEmail, tenant),

    async isRunning() {
      const now = await EmailCampaignModel.findById(_id, { status: 1 }).lean();
      if (now?.status !== 'sending') return false;
      if (!campaign.expiresAt || campaign.expiresAt.getTime() > Date.now()) return true;
      await pause(_id, 'expired', `It was to be sent until ${campaign.expiresAt.toISOString()}`);
      return false;
    },

    findDue: (wanted) => findDueOfCampaign(_id, wanted),
    blocked: (emails) => blockedForBulk({ businessId: business }, emails),

    async started() {
      if (!isHeld) return;
      isHeld = await unhold(_id).then(
        () => false,
        () => true,
      );
    },

    cameBack: () => comeBack(_id),

    async stop(reason, message) {
      await pause(_id, reason, reason === 'quota_exceeded' ? `${message}; it goes on when there are more` : message);
      return { kind: 'stopped' };
    },

    async hold(held) {
      const ms = held.retryAt.getTime() - Date.now();
      if (ms < BRIEF_MS) return { kind: 'wait', ms: Math.max(0, ms) };
      isHeld = true;
      await hold(_id, held);
      return { kind: 'stopped' };
    },

    async refusesAll() {
      const [failed, sent] = await Promise.all([
        DeliveryModel.countDocuments({ campaign: _id, status: 'failed' }).limit(REJECTIONS),
        DeliveryModel.exists({ campaign: _id, status: { $in: ['sent', 'delivered'] } }),
      ]);
      return failed >= REJECTIONS && sent === null;
    },
  };
}
