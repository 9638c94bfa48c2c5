import { Types } from 'mongoose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as configuration from '../../src/config.js';
import {
  clickUrl,
  openUrl,
  sign,
  signClick,
  signOpen,
  signUnsubscribe,
  unsubscribeUrl,
  verify,
  verifyClick,
  verifyOpen,
  verifyUnsubscribe,
} from '../../src/tracking/tokens.js';

const link = { businessId: new Types.ObjectId(), deliveryId: new Types.ObjectId(), email: 'ann@example.com' };

function withSecrets(...linkSecrets: string[]) {
  vi.spyOn(configuration, 'config').mockReturnValue({ ...configuration.parseConfig({}), linkSecrets });
}

afterEach(() => vi.restoreAllMocks());

describe('unsubscribe tokens', () => {
  it('carry business, delivery and address', () => {
    expect(verifyUnsubscribe(signUnsubscribe(link))).toEqual(link);
  });

  it('fit a URL as they are', () => {
    const token = signUnsubscribe({ ...link, email: `${'x'.repeat(64)}@${'y'.repeat(250)}.de` });
    expect(token).toMatch(/^[\w-]+$/);
    expect(verifyUnsubscribe(token)?.email).toHaveLength(318);
    expect(unsubscribeUrl(token)).toBe(`https://hub.example.test/u/${token}`);
  });

  it('are refused with any character changed', () => {
    const token = signUnsubscribe(link);
    for (let at = 0; at < token.length; at += 1) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect(verifyUnsubscribe(changed)).toBeUndefined();
    }
  });

  it.each(['', 'a', 'x'.repeat(10_000), '../../etc', '%00', 'ünï'])('are not %j', (token) => {
    expect(verifyUnsubscribe(token)).toBeUndefined();
  });

  it('have one spelling', () => {
    const token = signUnsubscribe(link);
    for (const other of [`${token}=`, `${token} `, `${token}!`, token.slice(0, -1)]) {
      expect(verifyUnsubscribe(other)).toBeUndefined();
    }
  });
});

describe('tokens of pixel and links', () => {
  const { businessId, deliveryId } = link;
  const kinds = [
    ['open', signOpen(link), verifyOpen],
    ['click', signClick({ ...link, number: 65_535 }), verifyClick],
  ] as const;

  it('carry business, delivery and the number of the link', () => {
    expect(verifyOpen(signOpen(link))).toEqual({ businessId, deliveryId });
    for (const number of [0, 1, 255, 256, 65_535]) {
      expect(verifyClick(signClick({ ...link, number }))).toEqual({ businessId, deliveryId, number });
    }
  });

  it.each(kinds)('have at most 64 characters: %s', (_kind, token) => {
    expect(token).toMatch(/^[\w-]{50,64}$/);
  });

  it.each(kinds)('are refused with any bit altered: %s', (_kind, token, verify) => {
    const bytes = Buffer.from(token, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const altered = Buffer.from(bytes);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verify(altered.toString('base64url'))).toBeUndefined();
    }
  });

  it('say nothing in another’s place', () => {
    const [open, click, unsubscribe] = [signOpen(link), signClick({ ...link, number: 1 }), signUnsubscribe(link)];
    expect([verifyClick(open), verifyUnsubscribe(open)]).toEqual([undefined, undefined]);
    expect([verifyOpen(click), verifyUnsubscribe(click)]).toEqual([undefined, undefined]);
    expect([verifyOpen(unsubscribe), verifyClick(unsubscribe)]).toEqual([undefined, undefined]);
  });

  it('are refused cut short or made longer', () => {
    for (const [, token, verify] of kinds) {
      for (const bad of [token.slice(0, -1), token.slice(1), `${token}A`, `${token}AAAA`, '']) {
        expect(verify(bad)).toBeUndefined();
      }
    }
  });

  it('lead to the hub, or to the business’s own name for it', () => {
    expect(openUrl('x')).toBe('https://hub.example.test/t/o/x');
    expect(clickUrl('x', 'links.example.com')).toBe('https://links.example.com/t/c/x');
    expect(unsubscribeUrl('x', 'links.example.com')).toBe('https://links.example.com/u/x');
  });
});

describe('signing', () => {
  const payload = Buffer.from('a payload');

  it('binds a token to its purpose', () => {
    const token = sign('open', payload);
    expect(verify('open', token)).toEqual(payload);
    expect(verify('click', token)).toBeUndefined();
    expect(verify('unsubscribe', token)).toBeUndefined();
  });

  it('verifies what a previous secret signed, and nothing of an unknown one', () => {
    withSecrets('first secret');
    const token = sign('open', payload);
    withSecrets('second secret', 'first secret');
    expect(verify('open', token)).toEqual(payload);
    expect(sign('open', payload)).not.toBe(token);
    withSecrets('second secret');
    expect(verify('open', token)).toBeUndefined();
  });

  it('costs microseconds', () => {
    const startedAt = performance.now();
    for (let n = 0; n < 10_000; n += 1) signUnsubscribe(link);
    expect((performance.now() - startedAt) / 10_000).toBeLessThan(0.2);
  });
});
