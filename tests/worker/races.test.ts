import { Types } from 'mongoose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { type EmailCampaign, EmailCampaignModel } from '../../src/models/email-campaign.js';
import { EventModel } from '../../src/models/event.js';
import { endCancelled } from '../../src/sending/campaigns/cancelled.js';
import { discardDeleted } from '../../src/sending/campaigns/discard.js';
import { createLauncher } from '../../src/sending/campaigns/due.js';
import { launch } from '../../src/sending/campaigns/launch.js';
import { pause } from '../../src/sending/campaigns/moves.js';
import { putBack } from '../../src/sending/campaigns/retry.js';
import { relay } from '../../src/sending/upkeep/outbox.js';
import { reconcile } from '../../src/sending/upkeep/reconcile.js';
import { api, useHub } from '../support/hub.js';
import {
  as,
  draft,
  launched,
  people,
  type Sender,
  sender,
  untilCampaign,
  usedOf,
  useWorkers,
} from '../support/sending.js';

// What happens between two awaits of the code is put there by a spy on the second.

useHub();
const startWorkers = useWorkers();
afterEach(() => {
  vi.restoreAllMocks();
});

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const longAgo = new Date(Date.now() - 60_000);
const read = (id: string) => EmailCampaignModel.findById(id).lean<EmailCampaign>().orFail();
const monthOf = async ({ businessId }: Sender) =>
  (await BusinessModel.findById(businessId).lean().orFail()).subscription.emailsSentThisMonth;

/** A campaign that is due. */
async function due(who: Sender, fields: object = {}): Promise<string> {
  const id = await draft(who, people(2), fields);
  await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor: inMs(60_000) });
  await EmailCampaignModel.updateOne({ _id: id }, { scheduledFor: longAgo });
  return id;
}

/** Has something happen before the next count of deliveries answers: in the middle of a preflight. */
function duringPreflight(happens: () => Promise<unknown>): void {
  const original = DeliveryModel.countDocuments.bind(DeliveryModel);
  vi.spyOn(DeliveryModel, 'countDocuments').mockImplementationOnce((async (filter: object) => {
    const count = await original(filter);
    await happens();
    return count;
  }) as never);
}

describe('a launch', () => {
  it('that began before the campaign was put off does not send it', async () => {
    const who = await sender();
    const id = await due(who);
    const asRead = await read(id);
    await as(who, 'post', `/api/campaigns/${id}/unschedule`);
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor: inMs(86_400_000) });
    await expect(launch({ businessId: asRead.business }, asRead, 'launch')).rejects.toMatchObject({ status: 409 });
    expect((await read(id)).status).toBe('scheduled');
  });

  it('is not withheld for what was mended meanwhile', async () => {
    const who = await sender();
    const id = await due(who);
    await EmailCampaignModel.updateOne({ _id: id }, { $unset: { subject: 1 } });
    duringPreflight(() =>
      as(who, 'patch', `/api/campaigns/${id}`, { subject: 'There now', scheduledFor: inMs(86_400_000) }),
    );
    const launcher = createLauncher();
    await launcher.round();
    await launcher.idle();
    expect(await read(id)).toMatchObject({ status: 'scheduled', subject: 'There now' });
  });

  it('does not go to other recipients than it was checked for', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    const only = await DeliveryModel.findOne({ campaign: id }).lean().orFail();
    duringPreflight(() =>
      api().delete(`/api/campaigns/${id}/recipients/${only._id}`).auth(who.token, { type: 'bearer' }).expect(200),
    );
    const { code } = await as(who, 'post', `/api/campaigns/${id}/send`, undefined, 409);
    expect(code).toBe('conflict');
    expect((await as(who, 'post', `/api/campaigns/${id}/send`, undefined, 422)).code).toBe('preflight_failed');
  });

  it('waits for no import of somebody else’s, however many there are', async () => {
    const [slow, who] = [await sender(), await sender()];
    const importing = { token: new Types.ObjectId(), until: new Date(Date.now() + 600_000) };
    await EmailCampaignModel.insertMany(
      Array.from({ length: 50 }, (_, n) => ({
        business: slow.businessId,
        name: `Importing ${n}`,
        status: 'scheduled',
        schedule: 'scheduled',
        scheduledFor: new Date(Date.now() - 3_600_000),
        createdBy: new Types.ObjectId(),
        imports: [importing],
      })),
    );
    const id = await due(who);
    const launcher = createLauncher();
    await launcher.round();
    await launcher.idle();
    expect((await read(id)).status).toBe('sending');
    await EmailCampaignModel.deleteMany({ business: slow.businessId });
  });
});

describe('a schedule', () => {
  it('that answers with an error has scheduled nothing', async () => {
    const who = await sender();
    const id = await draft(who, people(2));
    duringPreflight(() => Promise.reject(new Error('MongoDB is away for a moment')));
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor: inMs(60_000) }, 500);
    expect((await read(id)).status).toBe('draft');
  });
});

describe('a retry', () => {
  const asked = () => ({ statuses: ['unconfirmed'], failedBefore: new Date(), unconfirmedBefore: new Date() });

  it('puts nothing back twice, though several turns are at it', async () => {
    const who = await sender();
    const id = await launched(who, people(3));
    const doubtful = { status: 'unconfirmed', unconfirmedAt: new Date(0), attempts: 1 };
    await DeliveryModel.updateMany({ campaign: id }, doubtful);
    await EmailCampaignModel.updateOne({ _id: id }, { retry: asked() });
    const campaign = await read(id);
    const { collection } = DeliveryModel;
    const original = collection.updateMany.bind(collection);
    vi.spyOn(collection, 'updateMany').mockImplementationOnce((async (...args: Parameters<typeof original>) => {
      // Another turn puts them back, claims them, calls SES, and gets no clear answer.
      await putBack(campaign);
      await DeliveryModel.updateMany({ campaign: id }, { ...doubtful, unconfirmedAt: new Date(), attempts: 2 });
      return original(...args);
    }) as never);
    await putBack(campaign);
    expect(await DeliveryModel.distinct('status', { campaign: id })).toEqual(['unconfirmed']);
  });

  it('that is cancelled leaves in doubt what an earlier attempt may have sent', async () => {
    const who = await sender();
    const id = await launched(who, people(3));
    await DeliveryModel.updateMany(
      { campaign: id },
      { status: 'unconfirmed', unconfirmedAt: new Date(0), attempts: 1 },
    );
    await EmailCampaignModel.updateOne({ _id: id }, { retry: asked() });
    await putBack(await read(id));
    await as(who, 'post', `/api/campaigns/${id}/cancel`);
    await endCancelled();
    expect(await DeliveryModel.distinct('status', { campaign: id })).toEqual(['unconfirmed']);
    expect((await read(id)).completedAt).toBeInstanceOf(Date);
  });
});

describe('a person’s word', () => {
  it('to pause wins over the month’s pause of the same moment', async () => {
    const who = await sender();
    const id = await launched(who, people(2));
    const original = EmailCampaignModel.findOneAndUpdate.bind(EmailCampaignModel);
    vi.spyOn(EmailCampaignModel, 'findOneAndUpdate').mockImplementationOnce(((...args: Parameters<typeof original>) => {
      const first = pause(new Types.ObjectId(id), 'quota_exceeded', 'The month’s messages are used up');
      return first.then(() => original(...args));
    }) as never);
    await as(who, 'post', `/api/campaigns/${id}/pause`);
    expect((await read(id)).pause?.reason).toBe('user');
  });

  it('that the guard’s cause is mended counts only with the move', async () => {
    const who = await sender();
    const id = await launched(who, people(2));
    const paused = { status: 'paused', pause: { reason: 'reputation', message: 'Too many bounced', at: new Date() } };
    await EmailCampaignModel.updateOne({ _id: id }, paused);
    const aggregate = DeliveryModel.aggregate.bind(DeliveryModel);
    // In the middle of counting what was sent before the word.
    vi.spyOn(DeliveryModel, 'aggregate').mockImplementationOnce(((...args: Parameters<typeof aggregate>) => {
      const cancelled = as(who, 'post', `/api/campaigns/${id}/cancel`);
      return { hint: async (index: string) => cancelled.then(() => aggregate(...args).hint(index)) };
    }) as never);
    await as(who, 'post', `/api/campaigns/${id}/resume`, { acknowledge: true }, 409);
    expect((await BusinessModel.findById(who.businessId).lean())?.guardSince).toBeUndefined();
  });
});

describe('the upkeep', () => {
  it('does not mend a month by numbers from before a campaign went on', async () => {
    const who = await sender();
    const id = await launched(who, people(20));
    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect(await usedOf(who)).toBe(20);
    const used = await DeliveryModel.find({ campaign: id }).limit(10).lean();
    const some = { _id: { $in: used.map(({ _id }) => _id) } };
    await DeliveryModel.updateMany(some, { $set: { status: 'pending' }, $unset: { claim: 1, sentAt: 1 } });
    await BusinessModel.updateOne({ _id: who.businessId }, { 'subscription.emailsSentThisMonth': 10 });
    const paused = { status: 'paused', pause: { reason: 'user', message: 'Paused', at: longAgo }, isUnchecked: true };
    await EmailCampaignModel.updateOne(
      { _id: id },
      { $set: paused, $unset: { completedAt: 1, reconciled: 1, counts: 1 } },
    );
    const original = EmailCampaignModel.updateOne.bind(EmailCampaignModel);
    vi.spyOn(EmailCampaignModel, 'updateOne').mockImplementationOnce((async (...args: Parameters<typeof original>) => {
      // Resumed, ten more sent, and paused again, while the ledger was being read.
      const claim = { token: new Types.ObjectId(), period: used[0]?.claim?.period };
      await DeliveryModel.updateMany(some, { status: 'sent', sentAt: new Date(), claim });
      await BusinessModel.updateOne({ _id: who.businessId }, { 'subscription.emailsSentThisMonth': 20 });
      await EmailCampaignModel.findByIdAndUpdate(id, { 'pause.at': new Date() });
      return original(...args);
    }) as never);
    await reconcile();
    expect(await monthOf(who)).toBe(20);
  });

  it('looks at what is new, not at all that ever was', async () => {
    const business = new Types.ObjectId();
    const over = { business, status: 'sent', launchedAt: longAgo, completedAt: longAgo, createdBy: business };
    await EmailCampaignModel.insertMany(Array.from({ length: 500 }, (_, n) => ({ ...over, name: `Over ${n}` })));
    const plan = await EmailCampaignModel.collection
      .find({ isUnchecked: true, status: 'sent' })
      .explain('executionStats');
    expect(plan.executionStats.totalDocsExamined).toBeLessThan(100);
    await EmailCampaignModel.deleteMany({ business });
  });

  it('tells what a deleted campaign still had to tell', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await as(who, 'post', `/api/campaigns/${id}/cancel`);
    await api().delete(`/api/campaigns/${id}`).auth(who.token, { type: 'bearer' }).expect(200);
    await discardDeleted();
    await relay();
    expect(await EventModel.countDocuments({ campaign: id, type: 'campaign.cancelled' })).toBe(1);
    await discardDeleted();
    expect(await EmailCampaignModel.findById(id).lean()).toBeNull();
  });
});

describe('a cursor with a time that no date has', () => {
  it('is refused', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    const cursor = (place: unknown[]) => Buffer.from(JSON.stringify(place)).toString('base64url');
    const anId = 'a'.repeat(24);
    await as(who, 'get', `/api/events?cursor=${cursor([9e15, anId])}`, undefined, 422);
    await as(
      who,
      'get',
      `/api/campaigns/${id}/recipients?status=pending&cursor=${cursor([1, 9e15, anId])}`,
      undefined,
      422,
    );
  });
});
