import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DeliveryModel } from '../../src/models/delivery.js';
import { type EmailCampaign, EmailCampaignModel } from '../../src/models/email-campaign.js';
import { redis } from '../../src/redis.js';
import { campaignSource } from '../../src/sending/batch/campaign-source.js';
import { runBatch } from '../../src/sending/batch/run.js';
import type { Source } from '../../src/sending/batch/source.js';
import { Traffic } from '../../src/sending/batch/traffic.js';
import { Gateways } from '../../src/ses/gateway.js';
import { useHub } from '../support/hub.js';
import { accepted, as, launched, people, sender, usedOf } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();

const gateways = new Gateways();
const run = (source: Source) =>
  runBatch(source, { gateways, traffic: new Traffic(), signal: new AbortController().signal });

async function sourceOf(id: string): Promise<Source> {
  return campaignSource(await EmailCampaignModel.findById(id).lean<EmailCampaign>().orFail());
}

afterEach(() => {
  vi.restoreAllMocks();
  gateways.close();
});

describe('a batch', () => {
  it('that waited before its first call looks once more whether it may send', async () => {
    const who = await sender();
    const id = await launched(who, people(30));
    const source = await sourceOf(id);
    let paused: Promise<unknown> | undefined;
    const findDue = async (wanted: number) => {
      const found = await source.findDue(wanted);
      paused ??= as(who, 'post', `/api/campaigns/${id}/pause`);
      await paused;
      return found;
    };
    // A new account's rate is learnt first.
    await until(async () => (await run({ ...source, findDue })).kind !== 'wait');
    expect(await accepted(who)).toHaveLength(0);
    expect(await DeliveryModel.countDocuments({ campaign: id, status: 'pending' })).toBe(30);
    expect(await usedOf(who)).toBe(0);
  });

  it('uses no slot that may have been over when Redis’s answer came', async () => {
    const who = await sender(50);
    const id = await launched(who, people(200));
    const source = await sourceOf(id);
    await until(async () => (await run(await sourceOf(id))).kind !== 'wait');
    const before = (await accepted(who)).length;
    expect(before).toBeGreaterThan(0);
    await sleep(1_100);
    const shared = redis();
    const evalsha = shared.evalsha.bind(shared);
    // This process stands still after it asked; others have been given the next slots meanwhile.
    vi.spyOn(shared, 'evalsha').mockImplementation(async (...args: Parameters<typeof evalsha>) => {
      const answer = await evalsha(...args);
      await sleep(600);
      return answer;
    });
    await run(source);
    expect(await accepted(who)).toHaveLength(before);
    expect(await DeliveryModel.countDocuments({ campaign: id, status: 'pending' })).toBe(200 - before);
  });
});
