import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import type { Attempt } from '../../src/attempt.js';
import * as apiKeys from '../../src/services/api-keys.js';
import * as auth from '../../src/services/auth.js';
import { createCallers } from '../../src/services/callers.js';
import * as eventsSetup from '../../src/services/events-setup.js';
import * as invitations from '../../src/services/invitations.js';
import type { Caller } from '../../src/tenant.js';
import { register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { tokenTo } from '../support/system-mail.js';

// Read with the first call of `config()`, which is this file's own.
Object.assign(process.env, {
  MASTER_SES_ACCESS_KEY: 'AKIAMASTER',
  MASTER_SES_SECRET_KEY: 'master-secret',
  SYSTEM_FROM_EMAIL: 'hub@hub.example.test',
});
useHub();

/** Who asks, and the two tries of his request: the first stood still until the second was through. */
async function twoTries() {
  const { token, businessId } = await register();
  const tenant = { businessId: new Types.ObjectId(businessId) };
  const attempt = { id: new Types.ObjectId(), isKeyed: true };
  const first: Attempt = { ...attempt, isRepeat: false };
  const second: Attempt = { ...attempt, isRepeat: true };
  return { tenant, caller: (await auth.callerOf(token)) as Caller, first, second };
}

/** Whatever it is answered, it is told to nobody: the request was the second's by then. */
const goesOn = (try_: Promise<unknown>) => try_.catch(() => undefined);

describe('a process that stood still for longer than its lock, and goes on', () => {
  it('takes nothing from the API key that the next one made', async () => {
    const { tenant, caller, first, second } = await twoTries();
    const body = { name: 'k', mode: 'live' as const, permissions: ['send_emails' as const] };
    const { key } = await apiKeys.create(tenant, caller, body, second);
    await goesOn(apiKeys.create(tenant, caller, body, first));
    expect(await apiKeys.callerOf(key, createCallers())).toMatchObject({ id: second.id });
  });

  it('takes nothing from the API key that the next one put in the place of another', async () => {
    const { tenant, caller, first, second } = await twoTries();
    const { apiKey } = await apiKeys.create(tenant, caller, { name: 'k', mode: 'live', permissions: ['send_emails'] });
    const rotate = (attempt: Attempt) =>
      apiKeys.rotate(tenant, caller, String(apiKey._id), { overlapHours: 0 }, attempt);
    const { key } = await rotate(second);
    await goesOn(rotate(first));
    expect(await apiKeys.callerOf(key, createCallers())).toMatchObject({ id: apiKey._id });
  });

  it('takes nothing from the link that the next one mailed', async () => {
    const { tenant, caller, first, second } = await twoTries();
    const email = `${unique('guest')}@people.test`;
    const invite = (attempt: Attempt) =>
      invitations.invite(tenant, caller, { email, role: 'business_user', permissions: [] }, attempt);
    await invite(second);
    await goesOn(invite(first));
    const body = { token: await tokenTo(email), name: 'Guest', password: 'correct horse' };
    await api().post('/api/auth/accept-invitation').send(body).expect(201);
  });

  it('replaces no inbound URL that the next one made', async () => {
    const { tenant, first, second } = await twoTries();
    await eventsSetup.store(tenant, { topicArn: 'arn:aws:sns:eu-west-1:123456789012:t', configurationSet: 'c' });
    const wiring = await eventsSetup.rotate(tenant, second);
    await goesOn(eventsSetup.rotate(tenant, first));
    expect((await eventsSetup.get(tenant))?.tokenHash).toBe(wiring.tokenHash);
  });
});
