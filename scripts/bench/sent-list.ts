import { Types } from 'mongoose';
import { BusinessModel } from '../../src/models/business.js';
import { AT_ONCE, BUCKETS, DeliveryModel } from '../../src/models/delivery.js';
import type { EmailCampaign } from '../../src/models/email-campaign.js';

const BATCH_SIZE = 5_000;
const DAY_MS = 86_400_000;
const LINKS = Array.from({ length: 10 }, (_, n) => `https://example.com/${n}`);

/** The last day of the year that the list was sent in. */
const TO = '2026-06-30';
const FROM = '2025-06-30';

/**
 * A business with one campaign that was sent over a year, of which each twentieth bounced, two of five opened it over two
 * weeks, one of ten followed a link, and machines opened one of five.
 */
export async function fillLedger(recipients: number) {
  const { _id: business } = await BusinessModel.create({ name: 'Bench', domain: 'bench.example' });
  const campaign = { _id: new Types.ObjectId(), business, frozen: { links: LINKS } } as unknown as EmailCampaign;
  const spacingMs = (365 * DAY_MS) / recipients;
  for (let at = 0; at < recipients; at += BATCH_SIZE) {
    const length = Math.min(BATCH_SIZE, recipients - at);
    const batch = Array.from({ length }, (_, n) =>
      deliveryOf(at + n, Date.parse(FROM) + Math.floor((at + n) * spacingMs), { business, campaign: campaign._id }),
    );
    await DeliveryModel.collection.insertMany(batch, { ordered: false });
  }
  return { tenant: { businessId: business }, campaign, year: { from: FROM, to: TO } };
}

function deliveryOf(n: number, sentAt: number, owner: { business: Types.ObjectId; campaign: Types.ObjectId }) {
  const luck = ((n * 7_919) % 1_000) / 1_000;
  const hasBounced = luck >= 0.95;
  const openedAt = new Date(sentAt + 60_000 + ((n * 104_729) % (14 * 86_400)) * 1_000);
  return {
    ...owner,
    _id: new Types.ObjectId(),
    // Not in the order of sending, as no list is.
    email: `${((n * 7_919) % 1_000_003).toString(36)}.${n}@example.com`,
    name: `Person ${n}`,
    variables: { city: 'Bonn', points: n },
    status: hasBounced ? 'bounced' : 'delivered',
    bucket: n % BUCKETS,
    dueAt: AT_ONCE,
    attempts: 1,
    messageId: `0102018f-${n.toString(16).padStart(8, '0')}-000000`,
    claim: { token: new Types.ObjectId(), period: '2026-01' },
    sentAt: new Date(sentAt),
    ...(hasBounced
      ? { bouncedAt: new Date(sentAt + 5_000), error: { code: 'General', message: `550 5.1.${n % 3} no such user` } }
      : { deliveredAt: new Date(sentAt + 3_000) }),
    ...(luck < 0.4 ? { openedAt } : {}),
    ...(luck < 0.1 ? { clickedAt: openedAt, links: [n % LINKS.length] } : {}),
    ...(luck > 0.5 && luck < 0.7 ? { machineOpenedAt: new Date(sentAt + 9_000) } : {}),
    createdAt: new Date(sentAt),
  };
}
