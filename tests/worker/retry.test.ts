import { describe, expect, it } from 'vitest';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { api, useHub } from '../support/hub.js';
import {
  accepted,
  as,
  launched,
  people,
  type Sender,
  sender,
  ses,
  statesOf,
  untilCampaign,
  usedOf,
  useWorkers,
} from '../support/sending.js';

useHub();
const startWorkers = useWorkers();

const retry = (who: Sender, id: string, statuses: string[], status = 202) =>
  as(who, 'post', `/api/campaigns/${id}/retry`, { statuses }, status);
const age = (id: string, minutes: number) =>
  DeliveryModel.updateMany(
    { campaign: id, status: 'unconfirmed' },
    { unconfirmedAt: new Date(Date.now() - minutes * 60_000) },
  );

/** A campaign of 20 that ended with one failed and one unconfirmed. */
async function ended(who: Sender): Promise<{ id: string; failed: string; doubtful: string }> {
  const recipients = people(20);
  const [failed = '', doubtful = ''] = [recipients[4]?.email, recipients[7]?.email];
  const { accessKeyId } = who;
  await ses().fail({ kind: 'reject', accessKeyId, recipient: failed, next: 1, message: 'Illegal address' });
  await ses().fail({ kind: 'accept-then-drop', accessKeyId, recipient: doubtful, next: 1 });
  const id = await launched(who, recipients);
  startWorkers();
  await untilCampaign(who, id, 'sent');
  expect(await statesOf(who, id)).toEqual({ sent: 18, failed: 1, unconfirmed: 1 });
  return { id, failed, doubtful };
}

describe('POST /api/campaigns/:id/retry', () => {
  it('sends to those that failed again, and to nobody else', async () => {
    const who = await sender();
    const { id, failed } = await ended(who);
    const { retried } = await retry(who, id, ['failed']);
    expect(retried).toEqual({ failed: 1, unconfirmed: 0 });
    await untilCampaign(who, id, 'sent');
    expect(await statesOf(who, id)).toEqual({ sent: 19, unconfirmed: 1 });
    const rows = await accepted(who);
    expect(rows.filter(({ recipient }) => recipient === failed)).toHaveLength(1);
    expect(rows).toHaveLength(20);
    const delivery = await DeliveryModel.findOne({ campaign: id, email: failed }).lean();
    expect(delivery).toMatchObject({ attempts: 2 });
    expect(delivery?.error).toBeUndefined();
    expect(await usedOf(who)).toBe(20);
  });

  it('sends to the doubtful only after 15 minutes, and pays for the second message too', async () => {
    const who = await sender();
    const { id, doubtful } = await ended(who);
    await age(id, 14);
    const refusal = await retry(who, id, ['unconfirmed'], 422);
    expect(refusal.errors).toEqual([
      { path: 'statuses', message: expect.stringMatching(/can be retried from 20\d\d-/) },
    ]);
    await age(id, 16);
    const { retried } = await retry(who, id, ['unconfirmed', 'failed']);
    expect(retried).toEqual({ failed: 1, unconfirmed: 1 });
    await untilCampaign(who, id, 'sent');
    expect(await statesOf(who, id)).toEqual({ sent: 20 });
    const rows = (await accepted(who)).filter(({ recipient }) => recipient === doubtful);
    expect(rows.map(({ tags }) => tags.pmh_attempt)).toEqual(['1', '2']);
    expect(await usedOf(who)).toBe(21);
  });

  it('goes on where a process died that was putting them back', async () => {
    const who = await sender();
    const { id } = await ended(who);
    const now = new Date();
    await EmailCampaignModel.updateOne(
      { _id: id },
      { status: 'sending', retry: { statuses: ['failed'], failedBefore: now, unconfirmedBefore: now } },
    );
    await untilCampaign(who, id, 'sent');
    expect(await statesOf(who, id)).toEqual({ sent: 19, unconfirmed: 1 });
    expect((await EmailCampaignModel.findById(id).lean())?.retry).toBeUndefined();
  });

  it('refuses what it does not know, and says when there is nobody', async () => {
    const who = await sender();
    const id = await launched(who, people(2));
    startWorkers();
    await untilCampaign(who, id, 'sent');
    for (const body of [{}, { statuses: [] }, { statuses: ['sent'] }, { statuses: ['failed'], x: 1 }]) {
      await api().post(`/api/campaigns/${id}/retry`).auth(who.token, { type: 'bearer' }).send(body).expect(422);
    }
    const { errors } = await retry(who, id, ['failed'], 422);
    expect(errors).toEqual([{ path: 'statuses', message: 'no recipient is failed' }]);
    expect((await as(who, 'get', `/api/campaigns/${id}`)).campaign.status).toBe('sent');
  });
});
