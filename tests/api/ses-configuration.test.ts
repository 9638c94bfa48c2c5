import { Types } from 'mongoose';
import { describe, expect, inject, it } from 'vitest';
import { createSesControl } from '../../src/embedded/ses/control-client.js';
import { BusinessModel } from '../../src/models/business.js';
import { credentialsOf } from '../../src/ses/credentials.js';
import { apiKey, connectSes, once, register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

const bystander = once(register);

const ses = createSesControl(inject('sesEndpoint'));
const put = (token: string, body: object) => api().put('/api/business/ses').auth(token, { type: 'bearer' }).send(body);
const disconnect = (token: string) => api().delete('/api/business/ses').auth(token, { type: 'bearer' });
const newKey = (prefix = 'AKIA') => `${prefix}${unique().toUpperCase()}`;

async function stored(businessId: string) {
  const business = await BusinessModel.findById(businessId).orFail();
  return business.toObject();
}

describe('PUT /api/business/ses', () => {
  it('proves the credentials, keeps them and answers the quota of the account', async () => {
    const who = await register();
    const accessKeyId = newKey();
    await ses.changeAccount(accessKeyId, { maxSendRate: 28, max24HourSend: 70_000 });
    const { body } = await put(who.token, { accessKeyId, secretAccessKey: 'hunter2', region: 'eu-west-1' }).expect(200);

    expect(body.quota).toEqual({ maxPerSecond: 28, maxPer24Hours: 70_000, sentLast24Hours: 0 });
    expect(body.business.sesConfiguration).toEqual({
      configured: true,
      verified: true,
      verifiedAt: expect.any(String),
      region: 'eu-west-1',
      accessKeyId: `AKIA…${accessKeyId.slice(-4)}`,
    });
    const business = await stored(who.businessId);
    expect(business.sesConfiguration.accountId).toMatch(/^\d{12}$/);
    expect(JSON.stringify(business)).not.toContain('hunter2');
    expect(credentialsOf(business)).toEqual({ accessKeyId, secretAccessKey: 'hunter2', region: 'eu-west-1' });
  });

  it('takes us-east-1 where no region is named', async () => {
    const who = await register();
    await put(who.token, { accessKeyId: newKey(), secretAccessKey: 's' }).expect(200);
    expect((await stored(who.businessId)).sesConfiguration.region).toBe('us-east-1');
  });

  it("does not open a secret in another business's document", async () => {
    const [who, other] = [await register(), await register()];
    await connectSes(who);
    const { sesConfiguration } = await stored(who.businessId);
    expect(() => credentialsOf({ _id: new Types.ObjectId(other.businessId), sesConfiguration })).toThrow();
  });

  it.each([
    ['a key that AWS does not know', 'AKIAINVALID', 'accessKeyId', /does not know.*InvalidClientTokenId/],
    ['a secret of another key', 'AKIABADSECRET', 'secretAccessKey', /does not belong.*SignatureDoesNotMatch/],
    ['a key whose policy forbids it', 'AKIADENIED', 'accessKeyId', /ses:GetSendQuota.*AccessDenied/],
    ['an expired key', 'AKIAEXPIRED', 'accessKeyId', /ExpiredToken/],
  ])('refuses %s, says what AWS said, and keeps what was there', async (_case, prefix, path, message) => {
    const who = await register();
    await connectSes(who);
    const before = await stored(who.businessId);
    const { body } = await put(who.token, { accessKeyId: newKey(prefix), secretAccessKey: 'hunter2' }).expect(422);
    expect(body).toMatchObject({
      code: 'validation_failed',
      errors: [{ path, message: expect.stringMatching(message) }],
    });
    expect(JSON.stringify(body)).not.toContain('hunter2');
    expect(await stored(who.businessId)).toEqual(before);
  });

  it.each([
    ['fails', { kind: 'error', code: 'InternalFailure', status: 500 } as const],
    ['throttles', { kind: 'throttle' } as const],
  ])('answers 503 while SES %s, and keeps nothing', async (_case, failure) => {
    const who = await register();
    const accessKeyId = newKey();
    await ses.fail({ ...failure, action: 'GetSendQuota', accessKeyId });
    const { body } = await put(who.token, { accessKeyId, secretAccessKey: 's' }).expect(503);
    expect(body.code).toBe('unavailable');
    expect((await stored(who.businessId)).sesConfiguration.accessKeyId).toBeUndefined();
  });

  it.each([
    ['nothing', {}, ['accessKeyId', 'secretAccessKey']],
    ['operators', { accessKeyId: { $gt: '' }, secretAccessKey: { $gt: '' } }, ['accessKeyId', 'secretAccessKey']],
    ['a region that SES does not have', { accessKeyId: 'AKIA1', secretAccessKey: 's', region: 'moon-1' }, ['region']],
    ['a host for a region', { accessKeyId: 'AKIA1', secretAccessKey: 's', region: 'x.evil.test/#' }, ['region']],
    ['a header in a key', { accessKeyId: 'AKIA\r\nX: y', secretAccessKey: 's' }, ['accessKeyId']],
    ['a secret with a space', { accessKeyId: 'AKIA1', secretAccessKey: 's s' }, ['secretAccessKey']],
    ['a word of its own', { accessKeyId: 'AKIA1', secretAccessKey: 's', verified: true }, ['verified']],
  ])('answers 422 to %s', async (_case, body, paths) => {
    const { token } = await bystander();
    const answer = await put(token, body).expect(422);
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toEqual(paths);
  });

  it('is not for API keys, nor for whoever lacks manage_settings', async () => {
    const who = await register();
    const body = { accessKeyId: newKey(), secretAccessKey: 's' };
    for (const permission of ['manage_settings', 'send_emails']) {
      const key = await apiKey(who, [permission]);
      expect((await put(key, body).expect(403)).body.code).toBe('forbidden');
      await disconnect(key).expect(403);
    }
    await api().put('/api/business/ses').send(body).expect(401);
  });
});

describe('DELETE /api/business/ses', () => {
  it('forgets key, secret and account, and does so twice', async () => {
    const who = await register();
    await connectSes(who);
    expect((await disconnect(who.token).expect(200)).body).toEqual({ success: true });
    await disconnect(who.token).expect(200);

    const business = await stored(who.businessId);
    expect(business.sesConfiguration).toEqual({ region: 'eu-west-1', verified: false });
    expect(credentialsOf(business)).toBeUndefined();
    const { body } = await api().get('/api/business').auth(who.token, { type: 'bearer' });
    expect(body.business.sesConfiguration).toMatchObject({ configured: false, verified: false, accessKeyId: null });
  });
});
