import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import type { SendingDomain } from '../../../src/models/business.js';
import { recordsOf } from '../../../src/sending/domains/records.js';
import { senderProblem } from '../../../src/sending/domains/sender.js';
import { FAILURES, judge, type Seen } from '../../../src/sending/domains/state.js';

const NOW = new Date('2026-11-24T12:00:00Z');
const HOUR = 3_600_000;

const domain = (fields: Partial<SendingDomain> = {}): SendingDomain => ({
  _id: new Types.ObjectId(),
  domain: 'example.com',
  verified: false,
  status: 'pending',
  dkimTokens: ['a', 'b', 'c'],
  identity: 'Pending',
  dkim: 'Pending',
  mailFrom: 'Pending',
  failures: 0,
  checks: 0,
  revision: 0,
  createdAt: NOW,
  pendingSince: NOW,
  ...fields,
});

const seen = (identity: 'Success' | 'Pending' | 'Failed' | 'TemporaryFailure', fields: Partial<Seen> = {}): Seen => ({
  ses: { identity, dkim: identity, mailFrom: 'Success', mailFromDomain: undefined },
  records: {},
  proof: { by: 'dns', at: NOW },
  isProofOff: false,
  ...fields,
});

const pauseOf = (next: unknown) => (next as Date).getTime() - NOW.getTime();

/** As the update would leave it. */
const updated = (before: SendingDomain, set: object): SendingDomain => ({ ...before, ...set });

describe('what a check makes of a domain', () => {
  it('is verified when it is proven and SES says so, and that is told once', () => {
    const first = judge(domain(), seen('Success'), NOW);
    expect(first).toMatchObject({ event: 'domain.verified', set: { verified: true, status: 'verified' } });
    const again = judge(updated(domain(), first.set), seen('Success'), NOW);
    expect(again.event).toBeUndefined();
    expect(pauseOf(again.set.nextCheckAt)).toBe(24 * HOUR);
  });

  it('is not verified by SES’s word alone, unless proof is off', () => {
    const unproven = judge(domain(), seen('Success', { proof: undefined }), NOW);
    expect(unproven.event).toBeUndefined();
    expect(unproven.set.problem).toMatch(/proof/);
    const off = judge(domain(), seen('Success', { proof: undefined, isProofOff: true }), NOW);
    expect(off.event).toBe('domain.verified');
  });

  it('is looked at ever more seldom while it is pending', () => {
    const pauses: number[] = [];
    let one = domain();
    for (let n = 0; n < 9; n += 1) {
      const { set } = judge(one, seen('Pending'), NOW);
      pauses.push(pauseOf(set.nextCheckAt) / 60_000);
      one = updated(one, set);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it.each([
    ['SES gives up', domain(), seen('Failed')],
    ['three days have gone by', domain({ pendingSince: new Date(NOW.getTime() - 73 * HOUR) }), seen('Pending')],
  ])('fails when %s, and that is told once', (_case, before, found) => {
    const failed = judge(before, found, NOW);
    expect(failed).toMatchObject({ event: 'domain.failed', set: { status: 'failed', verified: false } });
    expect(judge(updated(before, failed.set), found, NOW).event).toBeUndefined();
  });

  it('is only warned of at first when it was verified and is no more', () => {
    let one = domain({ verified: true, status: 'verified' });
    for (let n = 1; n < FAILURES; n += 1) {
      const warned = judge(one, seen('TemporaryFailure'), NOW);
      expect(warned.event).toBeUndefined();
      expect(warned.set).toMatchObject({ failures: n, problem: expect.any(String) });
      one = updated(one, warned.set);
      expect(one).toMatchObject({ verified: true, status: 'verified' });
    }
    const failed = judge(one, seen('TemporaryFailure'), NOW);
    expect(failed).toMatchObject({ event: 'domain.failed', set: { status: 'failed', verified: false } });
    expect(judge(updated(one, failed.set), seen('Success'), NOW).event).toBe('domain.verified');
  });

  it('forgets its warnings when a check passes', () => {
    const warned = domain({ verified: true, status: 'verified', failures: 2, problem: 'p' });
    const { set, event } = judge(warned, seen('Success'), NOW);
    expect(event).toBeUndefined();
    expect(set).toMatchObject({ failures: 0, problem: undefined });
  });

  it('stays what it is when SES cannot be asked', () => {
    const one = domain({ verified: true, status: 'verified', failures: 2 });
    const { set, event } = judge(one, { ...seen('Success'), ses: undefined, sesProblem: 'no answer' }, NOW);
    expect(event).toBeUndefined();
    expect(updated(one, set)).toMatchObject({ verified: true, failures: 2, problem: 'no answer' });
  });
});

describe('the records of a domain', () => {
  const named = { ...domain(), proofToken: 'tok', verificationToken: 'ses==', mailFromDomain: 'bounce.example.com' };

  it('are all there, as they are to be published', () => {
    const lines = recordsOf(named, 'eu-west-1').map(({ type, name, value, priority }) =>
      [type, name, priority, value].filter((part) => part !== undefined).join(' '),
    );
    expect(lines).toEqual([
      'TXT _pmh.example.com pmh-verification=tok',
      'TXT _amazonses.example.com ses==',
      'CNAME a._domainkey.example.com a.dkim.amazonses.com',
      'CNAME b._domainkey.example.com b.dkim.amazonses.com',
      'CNAME c._domainkey.example.com c.dkim.amazonses.com',
      'MX bounce.example.com 10 feedback-smtp.eu-west-1.amazonses.com',
      'TXT bounce.example.com v=spf1 include:amazonses.com ~all',
      'TXT _dmarc.example.com v=DMARC1; p=none;',
    ]);
  });

  it('have the host of the region’s keys', () => {
    const [dkim] = recordsOf(named, 'eu-south-1').filter(({ purpose }) => purpose === 'dkim');
    expect(dkim?.value).toBe('a.dkim.eu-south-1.amazonses.com');
  });
});

describe('a sender', () => {
  const sendingDomains = [
    { domain: 'example.com', verified: true },
    { domain: 'new.test', verified: false },
    { domain: 'mail.new.test', verified: true },
  ];
  it.each(['a@example.com', 'a@mail.example.com', 'a@x.mail.new.test'])('may be %s', (email) =>
    expect(senderProblem({ sendingDomains }, email)).toBeUndefined(),
  );
  it.each(['a@new.test', 'a@other.new.test'])('may not be %s, which is not verified', (email) =>
    expect(senderProblem({ sendingDomains }, email)).toMatch(/is not verified/),
  );
  it.each(['a@notexample.com', 'a@com', 'a@example.com.evil.test'])('may not be %s, which is not its own', (email) =>
    expect(senderProblem({ sendingDomains }, email)).toMatch(/is not one of/),
  );
});
