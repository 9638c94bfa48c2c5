import { Types } from 'mongoose';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { headersOf, testMessage } from '../../../src/webhooks/message.js';
import { newSecret, openSecrets, rotated, sealSecrets, signing } from '../../../src/webhooks/secrets.js';

const HOUR = 3_600_000;
const now = new Date('2026-11-24T12:00:00Z');
const inHours = (hours: number) => new Date(now.getTime() + hours * HOUR);

describe('a secret', () => {
  it('is 32 random bytes, as Standard Webhooks writes them', () => {
    const secret = newSecret();
    expect(secret).toMatch(/^whsec_/);
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
    expect(newSecret()).not.toBe(secret);
  });

  it('is sealed for its webhook alone', () => {
    const [id, other] = [new Types.ObjectId(), new Types.ObjectId()];
    const secrets = { present: 'whsec_a', previous: [{ secret: 'whsec_b', until: inHours(1) }] };
    const sealed = sealSecrets(id, secrets);
    expect(JSON.stringify(sealed)).not.toContain('whsec');
    expect(openSecrets(id, sealed)).toEqual(secrets);
    expect(() => openSecrets(other, sealed)).toThrow();
  });
});

describe('a rotation', () => {
  it('keeps the one before for the overlap', () => {
    const next = rotated({ present: 'a', previous: [] }, 'b', 24 * HOUR, now);
    expect(next).toEqual({ present: 'b', previous: [{ secret: 'a', until: inHours(24) }] });
    expect(signing(next, inHours(23))).toHaveLength(1);
    expect(signing(next, inHours(24))).toEqual([]);
  });

  it('that is tried again takes nothing from the secret that is in use', () => {
    const once = rotated({ present: 'a', previous: [] }, 'b', 24 * HOUR, now);
    const twice = rotated(once, 'c', 24 * HOUR, inHours(1));
    expect(twice.previous.map(({ secret }) => secret)).toEqual(['b', 'a']);
    expect(twice.previous.at(-1)?.until).toEqual(inHours(24));
  });

  it('without an overlap ends all before it', () => {
    const once = rotated({ present: 'a', previous: [] }, 'b', 24 * HOUR, now);
    expect(rotated(once, 'c', 0, now)).toEqual({ present: 'c', previous: [] });
  });
});

describe('the headers of a message', () => {
  it('have a signature for each secret, the present one’s first', () => {
    const at = new Date();
    const message = testMessage(new Types.ObjectId(), new Types.ObjectId(), at);
    const [present, previous] = [newSecret(), newSecret()];
    const headers = headersOf(message, [present, previous], at);
    const signatures = headers['webhook-signature']?.split(' ') ?? [];
    expect(signatures).toHaveLength(2);
    expect(signatures[0]).toBe(headersOf(message, [present], at)['webhook-signature']);
    for (const secret of [present, previous]) {
      expect(new Webhook(secret).verify(message.body, headers)).toEqual({
        type: 'webhook.test',
        timestamp: at.toISOString(),
        data: { eventId: message.id.toHexString(), businessId: expect.any(String) },
      });
    }
    expect(() => new Webhook(newSecret()).verify(message.body, headers)).toThrow();
    expect(() => new Webhook(present).verify(`${message.body} `, headers)).toThrow();
  });
});
