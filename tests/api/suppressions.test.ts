import {
  DeleteSuppressedDestinationCommand,
  ListSuppressedDestinationsCommand,
  PutSuppressedDestinationCommand,
  SESv2Client,
} from '@aws-sdk/client-sesv2';
import { Types } from 'mongoose';
import { describe, expect, inject, it } from 'vitest';
import { SuppressionModel } from '../../src/models/suppression.js';
import { blockedForAll, blockedForBulk, suppress } from '../../src/sending/suppression.js';
import { apiKey, type Registered, register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { type Sender, sender, ses } from '../support/sending.js';

useHub();

const PATH = '/api/suppressions';
const list = ({ token }: Registered, query = '') => api().get(`${PATH}${query}`).auth(token, { type: 'bearer' });
const add = ({ token }: Registered, body: object) => api().post(PATH).auth(token, { type: 'bearer' }).send(body);
const remove = ({ token }: Registered, id: string, query = '') =>
  api().delete(`${PATH}/${id}${query}`).auth(token, { type: 'bearer' });
const upload = ({ token }: Registered, type: string, text: string, query = '') =>
  api().post(`${PATH}/import${query}`).auth(token, { type: 'bearer' }).set('Content-Type', type).send(text);
const tenantOf = ({ businessId }: Registered) => ({ businessId: new Types.ObjectId(businessId) });

describe('the suppression list', () => {
  it('takes an address for each reason once, and shows who said so', async () => {
    const who = await register();
    const first = await add(who, { email: 'Ann <x>' }).expect(422);
    expect(first.body.errors[0].path).toBe('email');
    await Promise.all([1, 2, 3].map(() => add(who, { email: 'ann@Example.com' }).expect(201)));
    const { suppression } = (await add(who, { email: 'ann@example.com', reason: 'unsubscribed' }).expect(201)).body;
    expect(suppression).toMatchObject({
      email: 'ann@example.com',
      reasons: [
        { reason: 'manual', source: `user:${who.userId}` },
        { reason: 'unsubscribed', source: `user:${who.userId}` },
      ],
    });
    expect((await list(who).expect(200)).body.suppressions).toEqual([suppression]);
    expect((await blockedForAll(tenantOf(who), ['ann@example.com'])).size).toBe(1);
  });

  it('is paged and searched', async () => {
    const who = await register();
    const emails = ['a.b@example.com', 'axb@example.com', 'c@example.com'];
    for (const email of emails) await suppress(tenantOf(who), email, 'manual', 'test');
    await suppress(tenantOf(who), 'c@example.com', 'bounced', 'test');
    const found = async (query: string) =>
      (await list(who, query).expect(200)).body.suppressions.map(({ email }: { email: string }) => email);
    expect(await found('')).toEqual([...emails].reverse());
    expect(await found('?email=A.')).toEqual(['a.b@example.com']);
    expect(await found('?reason=bounced')).toEqual(['c@example.com']);
    const { body } = await list(who, '?limit=2').expect(200);
    expect(await found(`?limit=2&cursor=${body.pagination.nextCursor}`)).toEqual(['a.b@example.com']);
    for (const query of ['?reason=x', '?email=', '?cursor=x', '?who=me']) await list(who, query).expect(422);
  });

  it('gives an address free, or takes back one reason and leaves the others', async () => {
    const who = await register();
    await add(who, { email: 'ann@example.com' });
    const { suppression } = (await add(who, { email: 'ann@example.com', reason: 'unsubscribed' })).body;
    await remove(who, suppression.id, '?reason=manual').expect(200);
    await remove(who, suppression.id, '?reason=manual').expect(404);
    expect((await blockedForAll(tenantOf(who), ['ann@example.com'])).size).toBe(0);
    expect((await blockedForBulk(tenantOf(who), ['ann@example.com'])).size).toBe(1);
    await remove(who, suppression.id).expect(200);
    await remove(who, suppression.id).expect(404);
    expect((await list(who).expect(200)).body.suppressions).toEqual([]);
  });

  it('takes lists of any length, as JSON, CSV or NDJSON, and says what was wrong', async () => {
    const who = await register();
    await add(who, { email: 'known@example.com' });
    const csv = `Email,Name\n${Array.from({ length: 1_200 }, (_, n) => `p${n}@example.com,P`).join('\n')}\nknown@example.com,K\nnobody,N\n`;
    const first = (await upload(who, 'text/csv', csv, '?reason=bounced').expect(200)).body;
    expect(first).toMatchObject({ added: 1_201, known: 0, invalid: 1, errors: [{ line: 1_203, email: 'nobody' }] });
    const again = (await upload(who, 'text/csv', csv, '?reason=bounced').expect(200)).body;
    expect(again).toMatchObject({ added: 0, known: 1_201 });
    const lines = '{"email":"n@example.com"}\n{"email":"N@example.com"}\n';
    expect((await upload(who, 'application/x-ndjson', lines).expect(200)).body).toMatchObject({ added: 1, known: 1 });
    const json = JSON.stringify({ suppressions: [{ email: 'j@example.com' }, { email: '' }] });
    expect((await upload(who, 'application/json', json).expect(200)).body).toMatchObject({ added: 1, invalid: 1 });
    const broken = await upload(who, 'text/csv', 'email\nq@example.com\n"never closed\n').expect(422);
    expect(broken.body).toMatchObject({ code: 'validation_failed', added: 1, line: 3 });
    expect(await SuppressionModel.countDocuments(tenantFilter(who))).toBe(1_204);
  });

  it('takes the addresses of a file, whatever its other columns are', async () => {
    const who = await register();
    const titles = [
      'Email',
      'Tags',
      'Tags',
      'constructor',
      'Q'.repeat(200),
      ...Array.from({ length: 60 }, (_, n) => `c${n}`),
    ];
    const row = ['ann@example.com', ...titles.slice(1).map(() => 'x')].join(',');
    const named = `bob@example.com,${'N'.repeat(300)}`;
    for (const csv of [`${titles.join(',')}\n${row}\n`, `email,name\n${named}\n`]) {
      const { body } = await upload(who, 'text/csv', csv);
      expect(body).toMatchObject({ success: true, added: 1, invalid: 0 });
    }
  });

  describe('and SES’s own', () => {
    const email = 'ann@example.com';
    const v2 = (accessKeyId: string) =>
      new SESv2Client({
        endpoint: inject('sesEndpoint'),
        region: 'eu-west-1',
        credentials: { accessKeyId, secretAccessKey: 'x' },
      });
    const isListed = async ({ accessKeyId }: Sender) => {
      const { SuppressedDestinationSummaries } = await v2(accessKeyId).send(new ListSuppressedDestinationsCommand({}));
      return SuppressedDestinationSummaries?.some(({ EmailAddress }) => EmailAddress === email);
    };

    /** A business of whose list both reasons of SES are known here, and the address is on SES's own list. */
    async function bounced(): Promise<{ who: Sender; id: string }> {
      const who = await sender();
      await v2(who.accessKeyId).send(new PutSuppressedDestinationCommand({ EmailAddress: email, Reason: 'BOUNCE' }));
      await add(who, { email, reason: 'bounced' }).expect(201);
      const { suppression } = (await add(who, { email, reason: 'complained' }).expect(201)).body;
      return { who, id: suppression.id };
    }

    it('lose an address together, once SES has nothing left to keep it for', async () => {
      const { who, id } = await bounced();
      await add(who, { email, reason: 'manual' });
      const first = await remove(who, id, '?reason=complained').expect(200);
      expect(first.body.sesList).toMatchObject({ state: 'not_asked', message: expect.stringContaining('another') });
      expect(await isListed(who)).toBe(true);
      const second = await remove(who, id, '?reason=bounced').expect(200);
      expect(second.body).toEqual({ success: true, sesList: { state: 'cleared', message: null } });
      expect(await isListed(who)).toBe(false);
      const third = await remove(who, id).expect(200);
      expect(third.body.sesList).toMatchObject({ state: 'not_asked' });
      expect(await SuppressionModel.countDocuments(tenantFilter(who))).toBe(0);
    });

    it('may not have it', async () => {
      const { who, id } = await bounced();
      await v2(who.accessKeyId).send(new DeleteSuppressedDestinationCommand({ EmailAddress: email }));
      expect((await remove(who, id).expect(200)).body.sesList).toEqual({ state: 'not_listed', message: null });
    });

    it('is left as it is where the keys may not change it, and the answer says which permission is missing', async () => {
      const { who, id } = await bounced();
      await ses().changeAccount(who.accessKeyId, { deniedActions: ['ses:DeleteSuppressedDestination'] });
      const { sesList } = (await remove(who, id).expect(200)).body;
      expect(sesList).toMatchObject({
        state: 'failed',
        message: expect.stringContaining('must allow ses:DeleteSuppressedDestination'),
      });
      expect(await isListed(who)).toBe(true);
      expect((await list(who).expect(200)).body.suppressions).toEqual([]);
    });

    it('is not asked where no account is connected', async () => {
      const who = await register();
      const { suppression } = (await add(who, { email, reason: 'bounced' })).body;
      expect((await remove(who, suppression.id).expect(200)).body.sesList).toMatchObject({ state: 'not_asked' });
    });
  });

  it('is the tenant’s own, and needs the permission', async () => {
    const [who, other] = [await register(), await register()];
    const { suppression } = (await add(who, { email: `${unique()}@example.com` })).body;
    expect((await list(other).expect(200)).body.suppressions).toEqual([]);
    await remove(other, suppression.id).expect(404);
    await api()
      .get(PATH)
      .set('X-API-Key', await apiKey(who, ['send_emails']))
      .expect(403);
    await api().get(PATH).expect(401);
  });
});

const tenantFilter = ({ businessId }: Registered) => ({ business: new Types.ObjectId(businessId) });
