import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DomainClaimModel } from '../../src/models/domain-claim.js';
import { claim, isTaken, release } from '../../src/sending/domains/claims.js';
import { withParents } from '../../src/sending/domains/names.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';

useHub();

/** A business that wants to send from these. */
async function business(...domains: string[]): Promise<Types.ObjectId> {
  const sendingDomains = domains.map((domain) => ({ domain }));
  const { _id } = await BusinessModel.create({ name: unique(), domain: 'x.test', sendingDomains });
  return _id;
}

const holders = (...domains: string[]) =>
  DomainClaimModel.find({ _id: { $in: domains }, isHeld: true })
    .sort({ _id: 1 })
    .lean();

/** What a process that died in the middle of an attempt left behind. */
const leave = (owner: Types.ObjectId, domain: string, at: Date) =>
  DomainClaimModel.create({
    _id: domain,
    business: owner,
    within: withParents(domain),
    token: new Types.ObjectId(),
    isHeld: false,
    at,
  });

describe('a proven domain', () => {
  it('is one business’s, with what lies above and below it', async () => {
    const name = `${unique()}.test`;
    const [a, b] = [await business(`shop.${name}`), await business(name, `a.shop.${name}`, `other.${name}`)];
    expect(await claim(a, `shop.${name}`)).toBe(true);
    expect(await claim(a, `shop.${name}`)).toBe(true);
    for (const domain of [name, `shop.${name}`, `a.shop.${name}`]) {
      expect(await claim(b, domain)).toBe(false);
      expect(await isTaken(b, domain)).toBe(true);
    }
    expect(await claim(b, `other.${name}`)).toBe(true);
    expect(await DomainClaimModel.countDocuments({ within: name })).toBe(2);
  });

  it('may have others of the same business above and below it', async () => {
    const name = `${unique()}.test`;
    const a = await business(name, `a.${name}`, `b.a.${name}`);
    expect(await claim(a, `a.${name}`)).toBe(true);
    expect(await claim(a, name)).toBe(true);
    expect(await claim(a, `b.a.${name}`)).toBe(true);
  });

  it('is got by exactly one of two that prove it and a domain below it at once', async () => {
    for (let round = 0; round < 60; round += 1) {
      const name = `${unique()}.test`;
      const [a, b] = [await business(name), await business(`sub.${name}`)];
      const claims = [() => claim(a, name), () => claim(b, `sub.${name}`)];
      if (round % 2) claims.reverse();
      const won = await Promise.all(claims.map((one) => one()));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await holders(name, `sub.${name}`)).toHaveLength(1);
    }
  });

  it('is got by exactly one of many that prove the very same at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const name = `${unique()}.test`;
      const all = await Promise.all(Array.from({ length: 6 }, () => business(name)));
      const won = await Promise.all(all.map((one) => claim(one, name)));
      expect(won.filter(Boolean)).toHaveLength(1);
    }
  });

  it('never has two holders in a chain of three', async () => {
    for (let round = 0; round < 20; round += 1) {
      const name = `${unique()}.test`;
      const chain = [name, `b.${name}`, `a.b.${name}`];
      const owners = await Promise.all(chain.map((domain) => business(domain)));
      await Promise.all(chain.map((domain, n) => claim(owners[n] as Types.ObjectId, domain)));
      expect((await holders(...chain)).length).toBe(1);
    }
  });

  it('is not lost to an attempt that began before and died, but for a minute', async () => {
    const name = `${unique()}.test`;
    const [dead, b] = [await business(name), await business(`sub.${name}`, name)];
    await leave(dead, name, new Date());
    expect(await claim(b, `sub.${name}`)).toBe(false);
    expect(await claim(b, name)).toBe(false);
    await DomainClaimModel.updateOne({ _id: name }, { $set: { at: new Date(Date.now() - 61_000) } });
    expect(await claim(b, `sub.${name}`)).toBe(true);
    expect(await claim(b, name)).toBe(true);
    expect(await claim(dead, name)).toBe(false);
  });

  it('takes the attempt of a lower domain away, so that it cannot be held any more', async () => {
    const name = `${unique()}.test`;
    const [a, b] = [await business(name), await business(`sub.${name}`)];
    await leave(b, `sub.${name}`, new Date());
    expect(await claim(a, name)).toBe(true);
    expect(await DomainClaimModel.exists({ _id: `sub.${name}` })).toBeNull();
    expect(await claim(b, `sub.${name}`)).toBe(false);
  });

  it('is free again when it is given back, and when its business died while it gave it back', async () => {
    const name = `${unique()}.test`;
    const [a, b, c] = [await business(name), await business(name), await business(name)];
    expect(await claim(a, name)).toBe(true);
    await release(b, name);
    expect(await claim(b, name)).toBe(false);
    await release(a, name);
    expect(await claim(b, name)).toBe(true);
    await BusinessModel.updateOne({ _id: b }, { $set: { sendingDomains: [] } });
    expect(await isTaken(c, name)).toBe(false);
    expect(await claim(c, name)).toBe(true);
  });
});
