import { Types } from 'mongoose';
import { beforeAll, describe, expect, it } from 'vitest';
import { UserModel } from '../../src/models/user.js';
import { stepDown } from '../../src/services/last-admin.js';
import { type Registered, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { admin, type Member } from '../support/people.js';

useHub();

let who: Registered;
beforeAll(async () => {
  who = await register();
});

/** The business's administrators, and nobody else's from now on. */
async function admins(count: number): Promise<Member[]> {
  await UserModel.deleteMany({ business: who.businessId });
  return Promise.all(Array.from({ length: count }, () => admin(who)));
}

const active = () => UserModel.countDocuments({ business: who.businessId, role: 'business_admin', isActive: true });
const demote = (by: Member, { id }: Member) =>
  api().patch(`/api/users/${id}`).auth(by.token, { type: 'bearer' }).send({ role: 'business_user' });
const deactivate = (by: Member, { id }: Member) =>
  api().patch(`/api/users/${id}`).auth(by.token, { type: 'bearer' }).send({ isActive: false });
const remove = (by: Member, { id }: Member) => api().delete(`/api/users/${id}`).auth(by.token, { type: 'bearer' });

describe('two administrators who turn on each other at the same moment', () => {
  it.each([
    ['demote', demote, demote],
    ['deactivate', deactivate, deactivate],
    ['remove', remove, remove],
    ['demote and remove', demote, remove],
  ])('leave one where they %s each other, in each of 20 rounds', async (_what, first, second) => {
    const answers: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const [ann, ben] = (await admins(2)) as [Member, Member];
      const both = await Promise.all([first(ann, ben), second(ben, ann)]);
      expect(await active()).toBe(1);
      answers.push(...both.map(({ status }) => status));
    }
    // Whoever comes late is refused as the last one, or is not signed in or no administrator any more.
    expect(answers.filter((status) => status === 200)).toHaveLength(20);
    expect(answers.filter((status) => ![200, 401, 403, 409].includes(status))).toEqual([]);
  });

  it('leave one of five where all turn on all', async () => {
    for (let round = 0; round < 5; round += 1) {
      const all = await admins(5);
      const calls = all.flatMap((by) => all.filter((other) => other !== by).map((other) => deactivate(by, other)));
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      expect(statuses.filter((status) => status >= 500)).toEqual([]);
      expect(await active()).toBeGreaterThanOrEqual(1);
    }
  });

  it('take one away once where both mean the same third', async () => {
    const [ann, ben, cleo] = (await admins(3)) as [Member, Member, Member];
    const statuses = (await Promise.all([remove(ann, cleo), remove(ben, cleo)])).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(await active()).toBe(2);
  });
});

describe('an administrator who is about to be none', () => {
  const tenant = () => ({ businessId: new Types.ObjectId(who.businessId) });
  const judged = ({ id }: Member) => ({ _id: new Types.ObjectId(id), business: tenant().businessId });
  const announce = ({ id }: Member, leaving: Types.ObjectId) => UserModel.updateOne({ _id: id }, { $set: { leaving } });
  const fall = (filter: object) => UserModel.findOneAndUpdate(filter, { $set: { role: 'business_user' } }).lean();
  /** Made so many seconds ago, or after now. */
  const token = (agoSeconds: number) => Types.ObjectId.createFromTime(Math.floor(Date.now() / 1_000) - agoSeconds);

  it('does not count for another', async () => {
    const [ann, ben] = (await admins(2)) as [Member, Member];
    await announce(ben, token(2));
    expect((await demote(ben, ann).expect(409)).body.code).toBe('conflict');
    expect(await UserModel.findById(ann.id).lean()).not.toHaveProperty('leaving');
  });

  it('counts again when the process that announced it has died', async () => {
    const [ann, ben] = (await admins(2)) as [Member, Member];
    await announce(ben, token(60));
    await demote(ben, ann).expect(200);
    expect(await active()).toBe(1);
  });

  it('stays where the other was announced before', async () => {
    const [ann, ben] = (await admins(2)) as [Member, Member];
    await announce(ben, token(-5));
    await demote(ben, ann).expect(200);
    expect(await UserModel.findById(ben.id).lean()).not.toHaveProperty('leaving');
  });

  it('stays one where his announcement was ended while its process slept', async () => {
    const [ann, ben] = (await admins(2)) as [Member, Member];
    const late = await stepDown(tenant(), judged(ben), async (announced) => {
      // It looked, saw ann, and sleeps. Another finds its announcement stale, ends it, and takes ann away.
      await announce(ben, token(60));
      await demote(ben, ann).expect(200);
      return fall(announced);
    });
    expect(late).toBeNull();
    expect(await active()).toBe(1);
  });

  it('stays one where the other went while he was looked for', async () => {
    const [ann, ben] = (await admins(2)) as [Member, Member];
    const inner = stepDown(tenant(), judged(ben), async (announced) => {
      await demote(ben, ann).expect(409);
      return fall(announced);
    });
    expect(await inner).not.toBeNull();
    expect(await active()).toBe(1);
  });

  it('is not announced where he is not as he was judged', async () => {
    const [ann] = (await admins(2)) as [Member, Member];
    const changed = await stepDown(tenant(), { ...judged(ann), isActive: false }, fall);
    expect(changed).toBeNull();
    expect(await active()).toBe(2);
  });
});
