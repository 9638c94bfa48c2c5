import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { useHub } from '../support/hub.js';
import { accepted, as, launched, people, sender, untilCampaign, useWorkers } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();

describe('a campaign whose domain is given up while it runs', () => {
  it('pauses with the reason, and goes on only when the domain is verified again', async () => {
    const who = await sender(20);
    startWorkers();
    const id = await launched(who, people(200));
    await until(async () => (await accepted(who)).length > 0);
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { 'sendingDomains.$[].verified': false } });
    const { pause } = await untilCampaign(who, id, 'paused');
    expect(pause).toMatchObject({ reason: 'account', message: expect.stringMatching(/example.com is not verified/) });
    const sent = (await accepted(who)).length;
    expect(sent).toBeLessThan(200);
    await as(who, 'post', `/api/campaigns/${id}/resume`, {}, 422);

    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { 'sendingDomains.$[].verified': true } });
    await as(who, 'post', `/api/campaigns/${id}/resume`, {});
    await until(async () => (await accepted(who)).length > sent);
  });
});
