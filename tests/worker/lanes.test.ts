import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { redis } from '../../src/redis.js';
import { OPEN } from '../../src/sending/states.js';
import { suppress } from '../../src/sending/suppression.js';
import { sweep } from '../../src/sending/upkeep/sweep.js';
import { useHub } from '../support/hub.js';
import {
  accepted,
  as,
  draft,
  launched,
  people,
  sender,
  ses,
  statesOf,
  untilCampaign,
  useWorkers,
} from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();

describe('a test send', () => {
  it('shows the campaign as the first recipient would get it, and is none of its recipients', async () => {
    const who = await sender();
    startWorkers();
    const id = await draft(who, [{ email: 'first@example.com', name: 'Chloé', variables: { city: 'Graz' } }], {
      content: { text: 'Dear {{ name }} of {{ city }}' },
    });
    const to = ['Ann <ann@example.com>', 'ben@example.com'];
    const { recipients } = await as(who, 'post', `/api/campaigns/${id}/test`, { to }, 202);
    expect(recipients).toEqual([
      expect.objectContaining({ email: 'ann@example.com', status: 'sent', error: null }),
      expect.objectContaining({ email: 'ben@example.com', status: 'sent' }),
    ]);
    const rows = await accepted(who);
    expect(rows.map(({ recipient }) => recipient).sort()).toEqual(['ann@example.com', 'ben@example.com']);
    const raw = await ses().raw(rows.find(({ recipient }) => recipient === 'ben@example.com')?.messageId ?? '');
    expect(raw).toContain('Dear Chlo');
    expect(raw).toContain('of Graz');
    expect(raw).toMatch(/^List-Unsubscribe:\s+</m);
    expect(await statesOf(who, id)).toEqual({ pending: 1 });
    const { campaign } = await as(who, 'get', `/api/campaigns/${id}`);
    expect(campaign.status).toBe('draft');
    expect((await BusinessModel.findById(who.businessId).lean())?.subscription.emailsSentThisMonth).toBe(2);

    const named = await as(
      who,
      'post',
      `/api/campaigns/${id}/test`,
      { to: ['c@d.com'], variables: { name: 'You' } },
      202,
    );
    const own = await ses().raw((await accepted(who)).at(-1)?.messageId ?? '');
    expect(named.recipients[0].status).toBe('sent');
    expect(own).toContain('Dear You of');
  });

  it('says what SES says', async () => {
    const who = await sender();
    startWorkers();
    const id = await draft(who, people(1));
    await ses().fail({ kind: 'reject', accessKeyId: who.accessKeyId, recipient: 'bad@', next: 1, message: 'No.' });
    await suppress({ businessId: new Types.ObjectId(who.businessId) }, 'gone@example.com', 'bounced', 'test');
    await suppress({ businessId: new Types.ObjectId(who.businessId) }, 'left@example.com', 'unsubscribed', 'test');
    const to = ['bad@example.com', 'gone@example.com', 'left@example.com'];
    const { recipients } = await as(who, 'post', `/api/campaigns/${id}/test`, { to }, 202);
    const states = Object.fromEntries(
      recipients.map(({ email, status }: { email: string; status: string }) => [email, status]),
    );
    expect(states).toEqual({
      'bad@example.com': 'failed',
      'gone@example.com': 'suppressed',
      'left@example.com': 'sent',
    });
    await ses().changeAccount(who.accessKeyId, { sendingEnabled: false });
    const stopped = await as(who, 'post', `/api/campaigns/${id}/test`, { to: ['a@b.com'] }, 202);
    expect(stopped.recipients[0]).toMatchObject({ status: 'failed', error: { code: 'account' } });
  });

  it('is tried for each address alone, and sent to each once', async () => {
    const who = await sender();
    startWorkers();
    const id = await draft(who, people(1));
    await ses().changeAccount(who.accessKeyId, { sandbox: true });
    for (const identity of ['news@example.com', 'ok@example.com']) {
      await ses().changeIdentity({ accessKeyId: who.accessKeyId, identity, status: 'Success' });
    }
    const to = ['no@example.com', 'ok@example.com', 'OK@example.com', 'Ok <ok@example.com>'];
    const { recipients } = await as(who, 'post', `/api/campaigns/${id}/test`, { to }, 202);
    expect(recipients).toEqual([
      expect.objectContaining({
        email: 'no@example.com',
        status: 'failed',
        error: { code: 'account', message: expect.stringContaining('not verified') },
      }),
      expect.objectContaining({ email: 'ok@example.com', status: 'sent' }),
    ]);
    expect(await accepted(who)).toHaveLength(1);
  });

  it('goes out within two seconds while a campaign takes all of the account’s rate', async () => {
    const who = await sender(20);
    startWorkers(2);
    const id = await launched(who, people(1_000));
    await until(async () => (await accepted(who)).length > 25);
    for (let n = 0; n < 3; n += 1) {
      const startedAt = performance.now();
      const { recipients } = await as(who, 'post', `/api/campaigns/${id}/test`, { to: [`t${n}@example.com`] }, 202);
      expect(recipients[0].status).toBe('sent');
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    }
  });

  it('is not forgotten with an emptied Redis, and fails when its time is over', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await as(who, 'post', `/api/campaigns/${id}/test`, { to: ['later@example.com'] }, 202);
    await as(who, 'post', `/api/campaigns/${id}/test`, { to: ['never@example.com'] }, 202);
    await redis().flushdb();
    await DeliveryModel.updateOne(
      { email: 'never@example.com', business: who.businessId },
      { sendBefore: new Date(0) },
    );
    startWorkers();
    const tests = { business: who.businessId, stream: 'test' } as const;
    const open = { ...tests, status: { $in: OPEN } };
    await until(async () => (await DeliveryModel.countDocuments(open)) === 0);
    const ends = await DeliveryModel.find({ business: who.businessId, message: { $exists: true } }).lean();
    expect(Object.fromEntries(ends.map(({ email, status }) => [email, status]))).toEqual({
      'later@example.com': 'sent',
      'never@example.com': 'failed',
    });
    await sweep();
  });
});

describe('an SES that hangs', () => {
  it('holds up nobody else, and its calls are recorded when they end', { timeout: 60_000 }, async () => {
    const others = await sender();
    const hanging = await Promise.all(Array.from({ length: 5 }, () => sender()));
    for (const { accessKeyId } of hanging) await ses().fail({ kind: 'stall', accessKeyId });
    const stuck = await Promise.all(hanging.map((who) => launched(who, people(40))));
    startWorkers();
    await until(async () => {
      const calls = await Promise.all(hanging.map(({ accessKeyId }) => ses().series({ accessKeyId })));
      return calls.every((points) => points.some(({ offered }) => offered > 0));
    });
    const startedAt = performance.now();
    const id = await launched(others, people(10));
    await untilCampaign(others, id, 'sent');
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    // After the call's time limit each of them is in doubt, and nothing was lost.
    await until(async () => {
      const doubtful = await DeliveryModel.countDocuments({ campaign: { $in: stuck }, status: 'unconfirmed' });
      const pending = await DeliveryModel.countDocuments({ campaign: { $in: stuck }, status: 'pending' });
      return doubtful > 0 && doubtful + pending === 200;
    }, 40_000);
  });
});
