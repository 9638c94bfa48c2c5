import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookEvent } from './events.js';

/** The headers of a request, as Node, a framework or `fetch` have them. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Clocks may differ by so much, and an older message may be one that somebody overheard; in s. */
const TOLERANCE_S = 300;
const SECRET_PREFIX = 'whsec_';

/** The request does not come from the hub, or not now: answer it with a 4xx, and do nothing else. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
}

/**
 * Makes sure that a request comes from the hub, as Standard Webhooks has it (https://www.standardwebhooks.com).
 * @param body of the request, exactly as it came in: parsed and written again, it is another one.
 * @param secret of the endpoint, `whsec_…`. While it is rotated both the earlier one and the new one are good.
 * @returns the event. The same one may come more than once, and is known by its `data.eventId`.
 * @throws WebhookVerificationError where it does not; TypeError for a body or a secret that could never be verified.
 */
export function verifyWebhook(body: string | Uint8Array, headers: WebhookHeaders, secret: string): WebhookEvent {
  const key = keyOf(secret);
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new TypeError(
      'body must be the raw body of the request, a string or bytes: keep your framework from parsing it',
    );
  }
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature');
  checkTime(timestamp);
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  if (!signatures.split(' ').some((signature) => isSame(signature, expected))) {
    throw new WebhookVerificationError(
      'No signature matches: the secret is another, or the body is not as it was sent',
    );
  }
  return eventOf(body);
}

function keyOf(secret: string): Buffer {
  const text = typeof secret === 'string' && secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : '';
  const key = Buffer.from(text, 'base64');
  if (key.length === 0) throw new TypeError('secret must be the one of the webhook endpoint: whsec_ and base64');
  return key;
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = typeof headers.get === 'function' ? headers.get(name) : fieldOf(headers as object, name);
  if (typeof value === 'string' && value !== '') return value;
  throw new WebhookVerificationError(`The header ${name} is missing`);
}

/** Plain objects may have names in any letter case. */
function fieldOf(headers: object, wanted: string): unknown {
  const [, value] = Object.entries(headers).find(([name]) => name.toLowerCase() === wanted) ?? [];
  return Array.isArray(value) ? value[0] : value;
}

function checkTime(timestamp: string): void {
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  if (Number.isNaN(seconds)) throw new WebhookVerificationError('webhook-timestamp is not a time in seconds');
  const ageS = Math.floor(Date.now() / 1_000) - seconds;
  if (ageS > TOLERANCE_S) throw new WebhookVerificationError('The message is older than five minutes');
  if (ageS < -TOLERANCE_S) {
    throw new WebhookVerificationError(
      'The message is more than five minutes ahead: is the clock of this machine right?',
    );
  }
}

/** `v1,<base64>`; other versions are of other kinds. */
function isSame(signature: string, expected: Buffer): boolean {
  const [version, text = ''] = signature.split(',', 2);
  if (version !== 'v1') return false;
  const given = Buffer.from(text, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function eventOf(body: string | Uint8Array): WebhookEvent {
  try {
    const event = JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body));
    if (typeof event?.type === 'string') return event as WebhookEvent;
  } catch {
    // Said below.
  }
  throw new WebhookVerificationError('The body is signed, and yet no event');
}
