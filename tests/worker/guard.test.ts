import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BUCKETS, DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { refresh } from '../../src/sending/campaigns/counts.js';
import { guard } from '../../src/sending/upkeep/guard.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { as, draft, people, type Sender, sender } from '../support/sending.js';

useHub();

interface Outcome {
  n: number;
  harm?: 'bounced' | 'complained';
  daysAgo?: number;
}

/** A campaign that is sending, with these outcomes. */
async function running(who: Sender, outcomes: Outcome[]): Promise<string> {
  const id = await draft(who, people(1));
  await EmailCampaignModel.updateOne(
    { _id: id },
    { status: 'sending', launchedAt: new Date(Date.now() - 30 * 86_400_000) },
  );
  for (const { n, harm, daysAgo = 0 } of outcomes) {
    const at = new Date(Date.now() - daysAgo * 86_400_000);
    await DeliveryModel.insertMany(
      Array.from({ length: n }, (_, index) => ({
        business: new Types.ObjectId(who.businessId),
        campaign: new Types.ObjectId(id),
        email: `${unique()}@example.com`,
        status: harm ?? 'sent',
        bucket: index % BUCKETS,
        dueAt: new Date(0),
        attempts: 1,
        sentAt: at,
        ...(harm ? { harm, harmedAt: at } : {}),
        createdAt: at,
      })),
    );
  }
  await refresh(new Types.ObjectId(id));
  return id;
}

const stateOf = async (who: Sender, id: string) => {
  const { campaign } = await as(who, 'get', `/api/campaigns/${id}`);
  return campaign.pause ? [campaign.status, campaign.pause.reason, campaign.pause.message] : [campaign.status];
};

describe('the guard', () => {
  it('pauses a campaign of which more than 5 % bounced, and leaves others’ alone', async () => {
    const [who, other] = [await sender(), await sender()];
    const id = await running(who, [{ n: 949 }, { n: 51, harm: 'bounced' }]);
    const fine = await running(other, [{ n: 950 }, { n: 50, harm: 'bounced' }]);
    expect(await guard()).toBe(1);
    expect(await stateOf(who, id)).toEqual(['paused', 'reputation', expect.stringContaining('51 of 1000')]);
    expect(await stateOf(other, fine)).toEqual(['sending']);
  });

  it('waits for a thousand outcomes', async () => {
    const who = await sender();
    const id = await running(who, [{ n: 800 }, { n: 199, harm: 'bounced' }]);
    await guard();
    expect(await stateOf(who, id)).toEqual(['sending']);
  });

  it('pauses at three complaints and more than a tenth of a percent', async () => {
    const who = await sender();
    const id = await running(who, [{ n: 1_500 }, { n: 3, harm: 'complained' }]);
    await guard();
    expect(await stateOf(who, id)).toEqual(['paused', 'reputation', expect.stringContaining('complained')]);
  });

  it('pauses all of a business whose week is bad, and forgets what is older', async () => {
    const who = await sender();
    const bad = await running(who, [{ n: 700 }, { n: 60, harm: 'bounced' }]);
    const innocent = await running(who, [{ n: 300 }]);
    await guard();
    expect(await stateOf(who, bad)).toEqual(['paused', 'reputation', expect.stringContaining('last week')]);
    expect((await stateOf(who, innocent))[1]).toBe('reputation');

    const old = await sender();
    const id = await running(old, [
      { n: 700, daysAgo: 8 },
      { n: 90, harm: 'bounced', daysAgo: 8 },
    ]);
    const next = await running(old, [{ n: 300 }]);
    await guard();
    expect([await stateOf(old, id), await stateOf(old, next)]).toEqual([['sending'], ['sending']]);
  });

  it('begins a new window at a word, for the campaign and for the week', async () => {
    const who = await sender();
    const id = await running(who, [{ n: 900 }, { n: 100, harm: 'bounced' }]);
    await guard();
    await as(who, 'post', `/api/campaigns/${id}/resume`, {}, 409);
    await as(who, 'post', `/api/campaigns/${id}/resume`, { acknowledge: true });
    await guard();
    expect(await stateOf(who, id)).toEqual(['sending']);
    await running(who, [{ n: 949 }, { n: 60, harm: 'bounced' }]);
    await guard();
    expect((await stateOf(who, id))[1]).toBe('reputation');
  });

  it('goes by the business’s settings', async () => {
    const who = await sender();
    const id = await running(who, [{ n: 97 }, { n: 3, harm: 'bounced' }]);
    await guard();
    expect(await stateOf(who, id)).toEqual(['sending']);
    const { business } = await as(who, 'patch', '/api/business', {
      settings: { guard: { minOutcomes: 100, maxBouncePercent: 2.5 } },
    });
    expect(business.settings.guard).toEqual({ minOutcomes: 100, maxBouncePercent: 2.5, maxComplaintPercent: 0.1 });
    await guard();
    expect((await stateOf(who, id))[1]).toBe('reputation');
  });
});
