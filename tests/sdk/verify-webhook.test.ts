import { createHmac, randomBytes } from 'node:crypto';
import { verifyWebhook, type WebhookEventType, WebhookVerificationError } from '@power-mta-hub/sdk';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { EventType } from '../../src/models/event.js';

/** The compiler refuses this where the SDK and the hub know other types. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
true satisfies Same<WebhookEventType, EventType | 'webhook.test'>;

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const id = '665f1c2ab7d04e0012a4c9d1';
const event = {
  type: 'email.delivered',
  timestamp: '2026-12-24T08:00:00.000Z',
  data: { eventId: id, businessId: id, deliveryId: id, email: 'jürgen@example.com' },
};
const body = JSON.stringify(event);

/** Headers as the reference library signs them. */
function signed(text = body, { by = secret, agoS = 0 }: { by?: string; agoS?: number } = {}) {
  const at = new Date(Math.floor(Date.now() / 1_000 - agoS) * 1_000);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(at.getTime() / 1_000),
    'webhook-signature': new Webhook(by).sign(id, at, text),
  };
}

describe('a webhook', () => {
  it('is believed when the library of the specification has signed it', () => {
    expect(verifyWebhook(body, signed(), secret)).toEqual(event);
  });

  it('is believed with an HMAC made by hand: SHA-256 over id.timestamp.body, by the bytes behind whsec_', () => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
    expect(verifyWebhook(body, headers, secret)).toEqual(event);
  });

  it.each<[string, string | Uint8Array]>([
    ['text', body],
    ['a Buffer', Buffer.from(body)],
    ['bytes', new TextEncoder().encode(body)],
  ])('may be %s', (_what, raw) => {
    expect(verifyWebhook(raw, signed(), secret)).toEqual(event);
  });

  it.each<[string, (headers: Record<string, string>) => Parameters<typeof verifyWebhook>[1]]>([
    ['Headers', (headers) => new Headers(headers)],
    [
      'an object in capitals',
      (headers) => Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toUpperCase(), v])),
    ],
    ['an object with lists', (headers) => Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [v]]))],
    [
      'Node’s own, with others',
      (headers) => ({ ...headers, host: 'x', 'set-cookie': ['a', 'b'], 'x-none': undefined }),
    ],
  ])('may have its headers as %s', (_what, form) => {
    expect(verifyWebhook(body, form(signed()), secret)).toEqual(event);
  });

  it('is believed by any of its signatures: while a secret is rotated there are two', () => {
    const other = `whsec_${randomBytes(24).toString('base64')}`;
    const headers = signed();
    const both = `v1a,abc ${signed(body, { by: other })['webhook-signature']} ${headers['webhook-signature']}`;
    for (const one of [secret, other]) {
      expect(verifyWebhook(body, { ...headers, 'webhook-signature': both }, one)).toEqual(event);
    }
  });

  it.each([-299, 0, 299])('may be %i s old', (agoS) => {
    expect(verifyWebhook(body, signed(body, { agoS }), secret)).toEqual(event);
  });
});

describe('a request that is no webhook of the hub', () => {
  const good = signed();
  const bare = good['webhook-signature'].slice('v1,'.length);

  it.each<[string, { text?: string | Uint8Array; headers?: object; by?: string; says: RegExp }]>([
    ['has another body', { text: `${body} `, says: /No signature/ }],
    ['is signed by another secret', { by: `whsec_${randomBytes(32).toString('base64')}`, says: /No signature/ }],
    ['has another id', { headers: { 'webhook-id': 'x' }, says: /No signature/ }],
    ['has a signature without a version', { headers: { 'webhook-signature': bare }, says: /No signature/ }],
    ['has one of another version', { headers: { 'webhook-signature': `v2,${bare}` }, says: /No signature/ }],
    [
      'has one that is cut short',
      { headers: { 'webhook-signature': `v1,${bare.slice(0, 20)}` }, says: /No signature/ },
    ],
    ['has an empty one', { headers: { 'webhook-signature': 'v1,' }, says: /No signature/ }],
    ['has no signature', { headers: { 'webhook-signature': undefined }, says: /webhook-signature is missing/ }],
    ['has no id', { headers: { 'webhook-id': '' }, says: /webhook-id is missing/ }],
    ['has no time', { headers: { 'webhook-timestamp': undefined }, says: /webhook-timestamp is missing/ }],
    ['has a time that is none', { headers: { 'webhook-timestamp': '12e3' }, says: /no.* time in seconds/ }],
    ['is six minutes old', { headers: signed(body, { agoS: 360 }), says: /older than five minutes/ }],
    ['comes six minutes too early', { headers: signed(body, { agoS: -360 }), says: /ahead/ }],
    ['is signed and no JSON', { text: 'hello', headers: signed('hello'), says: /no event/ }],
    ['is signed and no event', { text: '[]', headers: signed('[]'), says: /no event/ }],
  ])('is refused when it %s', (_what, { text = body, headers = {}, by = secret, says }) => {
    const verify = () => verifyWebhook(text, { ...good, ...headers } as Record<string, string>, by);
    expect(verify).toThrow(WebhookVerificationError);
    expect(verify).toThrow(says);
  });

  it.each(['', 'whsec_', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', undefined])(
    'is not asked about with the secret %j',
    (wrong) => {
      expect(() => verifyWebhook(body, good, wrong as string)).toThrow(TypeError);
    },
  );

  it('is not asked about with a body that was parsed already', () => {
    expect(() => verifyWebhook(event as never, good, secret)).toThrow(/raw body/);
  });
});
