import type { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { type SystemMail, SystemMailModel } from '../../src/models/system-mail.js';
import { UserModel } from '../../src/models/user.js';
import { enqueue, type NewSystemMail } from '../../src/services/system-mail.js';
import { register, unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { parseMime, valuesOf } from '../support/mime.js';
import { accepted, ses, useWorkers } from '../support/sending.js';
import { until } from '../support/until.js';

// Read with the first call of `config()`, which is this file's own.
const accessKeyId = `AKIA${unique().toUpperCase()}`;
Object.assign(process.env, {
  MASTER_SES_ACCESS_KEY: accessKeyId,
  MASTER_SES_SECRET_KEY: 'master-secret',
  MASTER_SES_REGION: 'eu-west-1',
  SYSTEM_FROM_EMAIL: 'The Hub <hub@example.com>',
});
useHub();
const work = useWorkers();

async function mail(fields: Partial<NewSystemMail> = {}): Promise<Types.ObjectId> {
  const to = `${unique('p')}@people.test`;
  await enqueue({ to, subject: 'S', text: 'T', expiresAt: new Date(Date.now() + 3_600_000), ...fields });
  return (
    await SystemMailModel.findOne({ to: fields.to ?? to }, { _id: 1 })
      .sort({ _id: -1 })
      .orFail()
  )._id;
}

const read = (id: Types.ObjectId) => SystemMailModel.findById(id).lean<SystemMail>();
const ended = (id: Types.ObjectId, status: string) =>
  until(async () => {
    const now = await read(id);
    return now?.status === status ? now : undefined;
  });
const copiesTo = async (to: string) =>
  (await accepted({ accessKeyId })).filter(({ recipient }) => recipient === to).length;

describe('the hub’s own mail', () => {
  it('is sealed while it waits, goes out by the hub’s own account, and leaves nothing of its content behind', async () => {
    const to = `${unique('ann')}@people.test`;
    const id = await mail({ to, subject: 'Grüße', text: 'Open https://hub.example.test/x#token=abc\nYours' });
    expect(JSON.stringify(await read(id))).not.toMatch(/Grüße|token=abc/);
    work();

    const sent = await ended(id, 'sent');
    expect(sent).toMatchObject({ attempts: 1, sentAt: expect.any(Date) });
    expect(sent).not.toHaveProperty('content');
    const [row, ...more] = (await accepted({ accessKeyId })).filter(({ recipient }) => recipient === to);
    expect(more).toEqual([]);
    const message = parseMime(await ses().raw(row?.messageId ?? ''));
    expect(valuesOf(message, 'from')).toEqual(['The Hub <hub@example.com>']);
    expect(valuesOf(message, 'to')).toEqual([to]);
    expect(valuesOf(message, 'auto-submitted')).toEqual(['auto-generated']);
    expect(message.text.replaceAll('\r\n', '\n').trim()).toBe('Open https://hub.example.test/x#token=abc\nYours');
  });

  it('goes out once each, whoever of several workers takes it, and no faster than the account may', async () => {
    await ses().changeAccount(accessKeyId, { maxSendRate: 20, max24HourSend: -1 });
    const ids = await Promise.all(Array.from({ length: 30 }, () => mail()));
    work(3);
    for (const id of ids) await ended(id, 'sent');
    for (const { to, attempts } of await SystemMailModel.find({ _id: { $in: ids } })) {
      // A throttle would have put it off to another attempt. SES's own count is of all tests that run beside this one.
      expect({ attempts, copies: await copiesTo(to) }).toEqual({ attempts: 1, copies: 1 });
    }
  });

  it.each([
    ['a throttle', { kind: 'throttle' }],
    ['an answer that says nothing', { kind: 'bad-gateway' }],
    ['an account that is paused', { kind: 'pause' }],
  ] as const)('is tried again after %s', async (_case, failure) => {
    const to = `${unique('p')}@people.test`;
    await ses().fail({ ...failure, next: 1, accessKeyId, recipient: to });
    const id = await mail({ to });
    work();
    const waiting = await until(async () => {
      const now = await read(id);
      return now?.error ? now : undefined;
    });
    expect(waiting).toMatchObject({ status: 'waiting', attempts: 1 });
    expect(waiting.dueAt.getTime()).toBeGreaterThan(waiting.updatedAt.getTime() + 4_000);
    await SystemMailModel.updateOne({ _id: id }, { $set: { dueAt: new Date() } });
    expect(await ended(id, 'sent')).toMatchObject({ attempts: 2 });
    expect(await copiesTo(to)).toBe(1);
  });

  it('is given up, content and all, where SES refuses it', async () => {
    const to = `${unique('p')}@people.test`;
    await ses().fail({ kind: 'reject', next: 1, accessKeyId, recipient: to });
    const id = await mail({ to });
    work();
    const failed = await ended(id, 'failed');
    expect(failed.error).toMatch(/^MessageRejected: /);
    expect(failed).not.toHaveProperty('content');
  });

  it('is given up when its use would be over before the next attempt', async () => {
    const to = `${unique('p')}@people.test`;
    await ses().fail({ kind: 'throttle', next: 1, accessKeyId, recipient: to });
    const id = await mail({ to, expiresAt: new Date(Date.now() + 4_000) });
    work();
    expect(await ended(id, 'failed')).not.toHaveProperty('content');
    expect(await copiesTo(to)).toBe(0);
  });

  it('does not go out once it has no more use', async () => {
    const to = `${unique('p')}@people.test`;
    const id = await mail({ to, expiresAt: new Date(Date.now() - 1) });
    work();
    expect(await ended(id, 'failed')).not.toHaveProperty('content');
    expect(await copiesTo(to)).toBe(0);
  });

  it('of a killed worker goes out when its claim has ended', async () => {
    const id = await mail();
    await SystemMailModel.updateOne({ _id: id }, { $set: { attempts: 1, dueAt: new Date(Date.now() + 1_500) } });
    work();
    expect(await ended(id, 'sent')).toMatchObject({ attempts: 2 });
  });

  it('that cannot be read is given up and keeps no other waiting', async () => {
    const [broken, whole] = [await mail(), await mail()];
    await SystemMailModel.updateOne({ _id: broken }, { $set: { 'content.kid': '00000000' } });
    work();
    await ended(broken, 'failed');
    await ended(whole, 'sent');
  });

  it('with a reset token goes out only while a user has that token', async () => {
    const [who, resetToken] = [await register(), unique()];
    await UserModel.updateOne({ _id: who.userId }, { $set: { resetPasswordToken: resetToken } });
    const [wanted, unwanted] = [await mail({ to: who.email, resetToken }), await mail({ resetToken: unique() })];
    const to = (await read(unwanted))?.to ?? '';
    work();
    await ended(wanted, 'sent');
    await until(async () => (await read(unwanted)) === null);
    expect(await copiesTo(to)).toBe(0);
    expect(await copiesTo(who.email)).toBe(1);
  });
});
