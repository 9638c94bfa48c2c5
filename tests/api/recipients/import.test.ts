import { gzipSync } from 'node:zlib';
import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BUCKETS } from '../../../src/models/delivery.js';
import { EmailCampaignModel } from '../../../src/models/email-campaign.js';
import { SUPPRESSION_REASONS, SuppressionModel, type SuppressionReason } from '../../../src/models/suppression.js';
import { apiKey, register } from '../../support/factories.js';
import { api, useHub } from '../../support/hub.js';
import { add, draft, leases, stored } from './draft.js';

useHub();

const NDJSON = 'application/x-ndjson';
const nothing = { added: 0, duplicates: 0, suppressed: 0, invalid: 0, errors: [] };

async function suppress(businessId: string, email: string, reasons: SuppressionReason[]) {
  await SuppressionModel.create({
    business: new Types.ObjectId(businessId),
    email,
    reasons: reasons.map((reason) => ({ reason, source: 'test', at: new Date() })),
  });
}

describe('POST /api/campaigns/:id/recipients', () => {
  it('adds recipients from JSON as pending deliveries, due at once', async () => {
    const who = await register();
    const id = await draft(who);
    const { body } = await add(who.token, id, {
      recipients: [
        { email: 'Ann Lee <Ann@X.org>', variables: { points: 3, tags: ['a'] } },
        { email: 'bob@x.org', name: 'Bob', variables: null },
      ],
    }).expect(200);
    expect(body).toEqual({ success: true, ...nothing, added: 2 });
    const [ann, bob] = await stored(id);
    expect(ann).toMatchObject({
      business: new Types.ObjectId(who.businessId),
      email: 'ann@x.org',
      name: 'Ann Lee',
      variables: { points: 3, tags: ['a'] },
      status: 'pending',
      attempts: 0,
    });
    expect(ann?.dueAt.getTime()).toBeLessThanOrEqual(Date.now());
    expect(bob).toMatchObject({ email: 'bob@x.org', name: 'Bob' });
    expect(bob).not.toHaveProperty('variables');
    expect(await leases(id)).toEqual([]);
  });

  it('spreads deliveries evenly over the buckets', async () => {
    const who = await register();
    const id = await draft(who);
    await add(who.token, id, `email\n${Array.from({ length: 10 * BUCKETS }, (_, n) => `a${n}@x.org`).join('\n')}`);
    const buckets = (await stored(id)).map(({ bucket }) => bucket);
    const expected = Array.from({ length: 10 * BUCKETS }, (_, n) => Math.floor(n / 10));
    expect(buckets.sort((a, b) => a - b)).toEqual(expected);
  });

  it.each([
    ['CSV', 'text/csv; charset=utf-8', 'email,name\nann@x.org,Ann\nANN@x.org,Other\nnobody,\n'],
    ['NDJSON', NDJSON, '{"email":"ann@x.org","name":"Ann"}\n{"email":"ANN@x.org"}\n{"email":"nobody"}\n'],
  ])('adds recipients from %s: the first of equal addresses wins, a bad one is told', async (_case, type, file) => {
    const who = await register();
    const id = await draft(who);
    const { body } = await add(who.token, id, file, type).expect(200);
    const line = type === NDJSON ? 3 : 4;
    expect(body).toEqual({
      success: true,
      ...nothing,
      added: 1,
      duplicates: 1,
      invalid: 1,
      errors: [{ line, email: 'nobody', reason: 'not an address: local@domain is expected' }],
    });
    expect(await stored(id)).toMatchObject([{ email: 'ann@x.org', name: 'Ann' }]);
  });

  it('adds nothing twice, neither from the same file again nor beside it', async () => {
    const who = await register();
    const id = await draft(who);
    const rows = Array.from({ length: 2_500 }, (_, n) => `user${n}@x.org,${n}`);
    const file = `email,name\n${rows.join('\n')}\n`;
    const answers = await Promise.all([add(who.token, id, file), add(who.token, id, file)]);
    const total = (count: 'added' | 'duplicates') => answers.reduce((sum, { body }) => sum + body[count], 0);
    expect([total('added'), total('duplicates')]).toEqual([2_500, 2_500]);
    expect((await add(who.token, id, file).expect(200)).body).toMatchObject({ added: 0, duplicates: 2_500 });
    expect(await stored(id)).toHaveLength(2_500);
    expect(await leases(id)).toEqual([]);
  });

  it('counts those of the added that are suppressed in this business, for whatever reason', async () => {
    const [who, other] = await Promise.all([register(), register()]);
    const id = await draft(who);
    await add(who.token, id, 'email\nknown@x.org').expect(200);
    for (const reason of SUPPRESSION_REASONS) {
      await suppress(who.businessId, `${reason}@x.org`, [reason]);
    }
    await suppress(who.businessId, 'known@x.org', ['manual']);
    await suppress(who.businessId, 'back@x.org', []);
    await suppress(other.businessId, 'ann@x.org', ['manual']);
    const file =
      'email\nunsubscribed@x.org\nbounced@x.org\ncomplained@x.org\nmanual@x.org\nknown@x.org\nback@x.org\nann@x.org';
    const { body } = await add(who.token, id, file).expect(200);
    expect(body).toMatchObject({ added: 6, duplicates: 1, suppressed: 4 });
  });

  it('tells the first 100 of the invalid and counts them all', async () => {
    const who = await register();
    const id = await draft(who);
    const { body } = await add(who.token, id, `email\n${'nobody\n'.repeat(250)}`).expect(200);
    expect(body).toMatchObject({ added: 0, invalid: 250 });
    expect(body.errors).toHaveLength(100);
    expect(body.errors[99]).toMatchObject({ line: 101 });
  });

  it.each([
    ['a byte-order mark', Buffer.from('\ufeffemail;name\njörg@x.org;J\nann@bücher.de;Jörg\n')],
    ['UTF-16', Buffer.from('\ufeffemail\tname\njörg@x.org\tJ\nann@bücher.de\tJörg\n', 'utf16le')],
    ['Latin-1', Buffer.from('email,name\njörg@x.org,J\nann@bücher.de,Jörg\n', 'latin1')],
  ])(
    'reads a file with %s; a Unicode domain goes in as punycode, a Unicode local part does not',
    async (_case, file) => {
      const who = await register();
      const id = await draft(who);
      const { body } = await add(who.token, id, file).expect(200);
      expect(body).toMatchObject({ added: 1, invalid: 1, errors: [{ line: 2, email: 'jörg@x.org' }] });
      expect(await stored(id)).toMatchObject([{ email: 'ann@xn--bcher-kva.de', name: 'Jörg' }]);
    },
  );

  it.each([
    ['a quote that never closes', 'email,name\nann@x.org,Ann\nbob@x.org,"Bob\n', 'text/csv', 3, 'never closes'],
    ['an overlong line', `{"email":"ann@x.org"}\n${'x'.repeat(70_000)}`, NDJSON, 2, 'more than 65536 bytes'],
    [
      'bytes that are not UTF-8 where it began as such',
      Buffer.concat([Buffer.from('email,name\nann@x.org,Jörg\nbob@x.org,B'), Buffer.from([0xf6, 10])]),
      'text/csv',
      3,
      'not UTF-8',
    ],
  ])(
    'ends %s in a 422 with the report and the line; sending it again is safe',
    async (_case, file, type, line, why) => {
      const who = await register();
      const id = await draft(who);
      const first = await add(who.token, id, file, type).expect(422);
      expect(first.body).toMatchObject({ success: false, code: 'validation_failed', ...nothing, added: 1, line });
      expect(first.body.message).toContain(why);
      expect(first.body.message).toContain(`line ${line}`);
      const again = await add(who.token, id, file, type).expect(422);
      expect(again.body).toMatchObject({ added: 0, duplicates: 1, line });
      expect(await stored(id)).toMatchObject([{ email: 'ann@x.org' }]);
      expect(await leases(id)).toEqual([]);
    },
  );

  it.each([
    ['an empty CSV', '', 'text/csv', 'is empty'],
    ['an empty NDJSON', '', NDJSON, 'is empty'],
    ['a CSV without an email column', 'mail;name\nann@x.org;Ann\n', 'text/csv', '"mail", "name"'],
  ])('refuses %s', async (_case, file, type, why) => {
    const who = await register();
    const { body } = await add(who.token, await draft(who), file, type).expect(422);
    expect(body).toMatchObject({ code: 'validation_failed', ...nothing, line: 1 });
    expect(body.message).toContain(why);
  });

  it.each([
    ['no body', {}, 'recipients'],
    ['no recipients', { recipients: [] }, 'recipients'],
    ['an object for the list', { recipients: { email: 'a@x.org' } }, 'recipients'],
    ['an operator for an address', { recipients: [{ email: { $gt: '' } }] }, 'recipients.0.email'],
    ['a number for a name', { recipients: [{ email: 'a@x.org', name: 1 }] }, 'recipients.0.name'],
    ['an unknown field', { recipients: [{ email: 'a@x.org', status: 'sent' }] }, 'recipients.0.status'],
    ['an unknown field beside', { recipients: [{ email: 'a@x.org' }], campaign: 'x' }, 'campaign'],
    [
      'an operator for variables',
      { recipients: [{ email: 'a@x.org', variables: { $ne: 1 } }] },
      'recipients.0.variables',
    ],
    ['a text for variables', { recipients: [{ email: 'a@x.org', variables: 'x' }] }, 'recipients.0.variables'],
  ])('refuses JSON with %s, naming where', async (_case, json, path) => {
    const who = await register();
    const id = await draft(who);
    const { body } = await add(who.token, id, json).expect(422);
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ path }] });
    expect(await stored(id)).toEqual([]);
  });

  it('refuses malformed JSON with 400 and more than 10 MB of it with 413', async () => {
    const who = await register();
    const id = await draft(who);
    expect((await add(who.token, id, '{"recipients":', 'application/json').expect(400)).body.code).toBe('malformed');
    const huge = JSON.stringify({ recipients: [{ email: 'x'.repeat(11 * 1024 * 1024) }] });
    expect((await add(who.token, id, huge, 'application/json').expect(413)).body.code).toBe('payload_too_large');
  });

  it.each(['multipart/form-data; boundary=x', 'text/plain', 'application/octet-stream', 'nonsense'])(
    'refuses %s with 415, naming what it takes',
    async (type) => {
      const who = await register();
      const { body } = await add(who.token, await draft(who), 'email\na@x.org', type).expect(415);
      expect(body.code).toBe('unsupported_media_type');
      for (const wanted of ['application/json', 'text/csv', NDJSON]) expect(body.message).toContain(wanted);
    },
  );

  it('refuses a compressed file and an unknown charset with 415', async () => {
    const who = await register();
    const id = await draft(who);
    const zipped = gzipSync('email\na@x.org\n');
    const answer = await add(who.token, id, zipped).set('Content-Encoding', 'gzip').expect(415);
    expect(answer.body.code).toBe('unsupported_media_type');
    await add(who.token, id, 'email\na@x.org\n', 'text/csv; charset=klingon').expect(415);
    expect(await stored(id)).toEqual([]);
    expect(await leases(id)).toEqual([]);
  });

  it('asks for manage_campaigns, and for a campaign of the caller’s own business', async () => {
    const [who, other] = await Promise.all([register(), register()]);
    const id = await draft(who);
    const path = `/api/campaigns/${id}/recipients`;
    await api().post(path).send({ recipients: [] }).expect(401);
    const reader = await apiKey(who, ['view_analytics', 'send_emails']);
    for (const body of [{ recipients: [{ email: 'a@x.org' }] }, 'email\na@x.org']) {
      await add(reader, id, body).expect(403);
      expect((await add(other.token, id, body).expect(404)).body.code).toBe('not_found');
      await add(who.token, new Types.ObjectId().toHexString(), body).expect(404);
      await add(who.token, 'nonsense', body).expect(422);
    }
    expect(await stored(id)).toEqual([]);
    await add(await apiKey(who, ['manage_campaigns']), id, 'email\na@x.org').expect(200);
  });

  it.each(['sending', 'paused', 'sent', 'cancelled'])('refuses a campaign that is %s with 409', async (status) => {
    const who = await register();
    const id = await draft(who);
    await EmailCampaignModel.updateOne({ _id: id }, { status, launchedAt: new Date() });
    expect((await add(who.token, id, 'email\na@x.org').expect(409)).body.code).toBe('invalid_transition');
    await EmailCampaignModel.updateOne({ _id: id }, { status: 'scheduled' });
    await add(who.token, id, 'email\na@x.org').expect(200);
  });

  it('takes recipients for a campaign whose launch was withheld', async () => {
    const who = await register();
    const id = await draft(who);
    await EmailCampaignModel.updateOne({ _id: id }, { status: 'paused', 'pause.reason': 'preflight_failed' });
    await add(who.token, id, 'email\na@x.org').expect(200);
  });
});
