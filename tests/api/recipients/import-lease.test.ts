import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Types } from 'mongoose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { EmailCampaignModel } from '../../../src/models/email-campaign.js';
import { lease } from '../../../src/services/recipient-import/lease.js';
import { connectSes, type Registered, register } from '../../support/factories.js';
import { api, useHub } from '../../support/hub.js';
import { until } from '../../support/until.js';
import { add, draft, leases, listening, stored } from './draft.js';

useHub();

let server: Awaited<ReturnType<typeof listening>>;
beforeAll(async () => {
  server = await listening();
});
afterAll(() => server.close());
afterEach(() => {
  vi.restoreAllMocks();
});

/** Begins an import whose end is up to the test. */
function begin(who: Registered, id: string): { req: ClientRequest; answer: Promise<IncomingMessage> } {
  const req = request(`${server.url}/api/campaigns/${id}/recipients`, {
    method: 'POST',
    headers: { authorization: `Bearer ${who.token}`, 'content-type': 'text/csv' },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    req.once('response', resolve).once('error', reject);
  });
  answer.catch(() => {});
  return { req, answer };
}

const send = (who: Registered, id: string) =>
  api().post(`/api/campaigns/${id}/send`).auth(who.token, { type: 'bearer' });

async function bodyOf(answer: Promise<IncomingMessage>): Promise<{ status: number | undefined; body: object }> {
  const res = await answer;
  return { status: res.statusCode, body: JSON.parse(await text(res)) };
}

describe('an import under way', () => {
  it.each(['deleted', 'cancelled'])('is told when the campaign was %s meanwhile', async (what) => {
    const who = await register();
    const id = await draft(who);
    const { req, answer } = begin(who, id);
    req.write('email\nbob@x.org\n');
    await until(async () => (await leases(id)).length === 1);
    const path = `/api/campaigns/${id}`;
    const call = what === 'deleted' ? api().delete(path) : api().post(`${path}/cancel`);
    await call.auth(who.token, { type: 'bearer' }).expect(200);
    req.end('carl@x.org\n');
    const [status, code] = what === 'deleted' ? [404, 'not_found'] : [409, 'invalid_transition'];
    expect(await bodyOf(answer)).toMatchObject({ status, body: { code, added: 2 } });
  });

  it('keeps the campaign from being launched until it is done', async () => {
    const who = await register();
    await connectSes(who);
    const id = await draft(who);
    await add(who.token, id, 'email\nann@x.org').expect(200);

    const { req, answer } = begin(who, id);
    req.write('email\nbob@x.org\n');
    await until(async () => (await leases(id)).length === 1);
    expect((await send(who, id).expect(409)).body.code).toBe('import_in_progress');

    req.end('carl@x.org\n');
    expect(await bodyOf(answer)).toMatchObject({ status: 200, body: { added: 2 } });
    expect(await leases(id)).toEqual([]);
    await send(who, id).expect(202);
    expect((await add(who.token, id, 'email\ndora@x.org').expect(409)).body.code).toBe('invalid_transition');
  });

  it('ends when its connection is cut: what was added stays, half a line is not added, the lease is gone', async () => {
    const who = await register();
    const id = await draft(who);
    const { req } = begin(who, id);
    const rows = Array.from({ length: 1_500 }, (_, n) => `user${n}@x.org\n`);
    req.write(`email\n${rows.join('')}half@x.or`);
    await until(async () => (await stored(id)).length > 0);
    req.destroy();
    await until(async () => (await leases(id)).length === 0);
    const emails = (await stored(id)).map(({ email }) => email);
    expect(emails).toHaveLength(1_500);
    expect(emails.every((email) => email.startsWith('user'))).toBe(true);
  });

  it('gets its refusal to a sender who is still sending, and reads past the rest', async () => {
    const who = await register();
    const id = await draft(who);
    const { req, answer } = begin(who, id);
    req.write('email,name\nann@x.org,Ann\nbob@x.org,"Bob" Lee\n');
    expect(await bodyOf(answer)).toMatchObject({ status: 422, body: { added: 1, line: 3 } });
    await new Promise<void>((resolve) => req.end('x'.repeat(1_000_000), resolve));
    expect(await leases(id)).toEqual([]);
  });

  it('ends with 409 and its report when the campaign no longer takes recipients', async () => {
    const who = await register();
    const id = await draft(who);
    const { req, answer } = begin(who, id);
    const rows = Array.from({ length: 1_010 }, (_, n) => `user${n}@x.org\n`);
    req.write(`email\n${rows.join('')}`);
    await until(async () => (await stored(id)).length === 1_000);
    await EmailCampaignModel.updateOne({ _id: id }, { status: 'cancelled' });
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 21_000);
    req.end('late@x.org\n');
    expect(await bodyOf(answer)).toMatchObject({ status: 409, body: { code: 'invalid_transition', added: 1_000 } });
    expect(await stored(id)).toHaveLength(1_000);
    expect(await leases(id)).toEqual([]);
  });
});

describe('lease', () => {
  const scope = (who: Registered) => ({ businessId: new Types.ObjectId(who.businessId) });

  it('may be held by several, and drops those that ran out', async () => {
    const who = await register();
    const id = await draft(who);
    const dead = { token: new Types.ObjectId(), until: new Date(Date.now() - 1_000) };
    await EmailCampaignModel.updateOne({ _id: id }, { $push: { imports: dead } });
    const [one, two] = [
      await lease(scope(who), new Types.ObjectId(id)),
      await lease(scope(who), new Types.ObjectId(id)),
    ];
    const held = await leases(id);
    expect(held).toHaveLength(2);
    for (const { until } of held) expect(until?.getTime()).toBeGreaterThan(Date.now() + 50_000);
    await one.release();
    expect(await leases(id)).toHaveLength(1);
    await two.release();
    expect(await leases(id)).toEqual([]);
  });

  it('is renewed when it is older than some seconds, also when it has run out', async () => {
    const who = await register();
    const id = await draft(who);
    const held = await lease(scope(who), new Types.ObjectId(id));
    const [first] = await leases(id);
    await held.renew();
    expect(await leases(id)).toEqual([first]);

    await EmailCampaignModel.updateOne({ _id: id }, { imports: [] });
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 21_000);
    await held.renew();
    expect(await leases(id)).toMatchObject([{ token: first?.token }]);
  });
});
