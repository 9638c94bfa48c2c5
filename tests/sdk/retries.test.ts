import { HubError } from '@power-mta-hub/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { broken, fakeHub, ok, refused, silent } from './fake-hub.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const draft = { name: 'Autumn' };
const campaign = { id: '665f1c2ab7d04e0012a4c9d1', name: 'Autumn' };

/** What comes of it once every wait is over: what is thrown is a value, too. */
async function settled<T>(call: Promise<T>): Promise<T | unknown> {
  const outcome = call.catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return outcome;
}

const keysOf = (asked: readonly Request[]) => asked.map(({ headers }) => headers.get('idempotency-key'));

describe('a call that fails for the moment', () => {
  it.each([
    ['the connection breaks', broken],
    ['the hub is not available', () => refused(503, 'unavailable')],
    ['a proxy says 502 in HTML', () => new Response('<h1>Bad Gateway</h1>', { status: 502 })],
    ['there are too many requests', () => refused(429, 'rate_limited')],
    ['the try before is under way', () => refused(409, 'idempotency_in_flight')],
    [
      'an answer breaks off',
      () => new Response(new ReadableStream({ start: (it) => it.error(new TypeError('terminated')) })),
    ],
  ])('is tried again under the same Idempotency-Key where %s', async (_what, failure) => {
    const { hub, asked } = fakeHub([failure(), failure(), ok({ campaign }, 201)]);
    expect(await settled(hub.campaigns.create(draft))).toEqual(campaign);
    const [key, ...others] = keysOf(asked);
    expect(key).toMatch(/^[0-9a-f-]{36}$/);
    expect(others).toEqual([key, key]);
    expect(await Promise.all(asked.map((request) => request.json()))).toEqual([draft, draft, draft]);
  });

  it('is given up with the last error after three tries more', async () => {
    const { hub, asked } = fakeHub([broken(), broken(), broken(), refused(500, 'internal_error')]);
    const error = await settled(hub.campaigns.create(draft));
    expect(error).toMatchObject({ name: 'HubError', code: 'internal_error', status: 500, requestId: 'r-1' });
    expect(asked).toHaveLength(4);
    expect(error).toHaveProperty('idempotencyKey', keysOf(asked)[0]);
  });

  it('waits for its own first try as long as the hub may hold it for under way, when that got no answer', async () => {
    const inFlight = Array.from({ length: 20 }, () => refused(409, 'idempotency_in_flight'));
    const { hub, asked } = fakeHub([broken(), ...inFlight, ok({ campaign }, 201)]);
    expect(await settled(hub.campaigns.create(draft, { maxRetries: 1 }))).toEqual(campaign);
    expect(new Set(keysOf(asked)).size).toBe(1);
    const endless = fakeHub([broken(), ...Array.from({ length: 300 }, () => refused(409, 'idempotency_in_flight'))]);
    const began = Date.now();
    const error = await settled(endless.hub.campaigns.create(draft));
    expect(error).toMatchObject({ code: 'idempotency_in_flight' });
    expect(Date.now() - began).toBeGreaterThan(65_000);
    expect(Date.now() - began).toBeLessThan(90_000);
  });

  it('is tried as often as client or call say', async () => {
    const never = fakeHub([broken()], { maxRetries: 0 });
    expect(await settled(never.hub.campaigns.list().page())).toMatchObject({ code: 'no_answer' });
    const once = fakeHub([broken(), broken()]);
    expect(await settled(once.hub.business.get({ maxRetries: 1 }))).toMatchObject({ code: 'no_answer' });
    expect(once.asked).toHaveLength(2);
  });

  it('waits longer each time, from a quarter of a second on, and never more than eight', async () => {
    const { hub, asked } = fakeHub(Array.from({ length: 9 }, broken));
    const times: number[] = [];
    const push = asked.push.bind(asked);
    asked.push = (...requests) => {
      times.push(Date.now());
      return push(...requests);
    };
    await settled(hub.business.get({ maxRetries: 8 }));
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    for (const [index, wait] of waits.entries()) {
      const most = Math.min(8_000, 500 * 2 ** index);
      expect(wait).toBeGreaterThanOrEqual(most / 2);
      expect(wait).toBeLessThanOrEqual(most + 1);
    }
  });

  it.each([
    ['in seconds', () => '7'],
    ['as a date', () => new Date(Date.now() + 7_000).toUTCString()],
  ])('waits as long as Retry-After says %s', async (_how, retryAfter) => {
    vi.setSystemTime('2026-11-24T12:00:00Z');
    const { hub, asked } = fakeHub([
      refused(429, 'rate_limited', {}, { 'retry-after': retryAfter() }),
      ok({ usage: {} }),
    ]);
    const call = hub.business.usage();
    await vi.advanceTimersByTimeAsync(6_900);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toHaveLength(2);
    expect(await call).toEqual({});
  });

  it('is not waited for when that would be more than a minute, as for the next month', async () => {
    const { hub, asked } = fakeHub([refused(429, 'quota_exceeded', {}, { 'retry-after': '500000' })]);
    const error = await settled(hub.campaigns.send(campaign.id));
    expect(error).toMatchObject({ code: 'quota_exceeded', retryAfterMs: 500_000_000 });
    expect(asked).toHaveLength(1);
  });

  it('is told as a timeout when no answer comes within the limit, each try by itself', async () => {
    const { hub, asked } = fakeHub([silent, silent, ok({ business: {} })], { timeoutMs: 1_000 });
    expect(await settled(hub.business.get())).toEqual({});
    const slow = fakeHub([silent]);
    const error = await settled(slow.hub.business.get({ maxRetries: 0, timeoutMs: 50 }));
    expect(error).toBeInstanceOf(HubError);
    expect(error).toMatchObject({ code: 'timeout', message: 'GET /api/business got no answer within 50 ms' });
    expect(asked).toHaveLength(3);
  });
});

describe('a call that fails for good', () => {
  it('is not tried again, and tells everything that is wrong', async () => {
    const errors = [{ path: 'recipients.3.email', message: 'must be an address' }];
    const { hub, asked } = fakeHub([refused(422, 'validation_failed', { errors, added: 2, line: 4 })]);
    const error = await settled(hub.campaigns.create(draft));
    expect(error).toMatchObject({ status: 422, code: 'validation_failed', errors, details: { added: 2, line: 4 } });
    expect(asked).toHaveLength(1);
  });

  it('says where a redirect leads, and takes the key nowhere', async () => {
    const { hub, asked } = fakeHub([new Response(null, { status: 301, headers: { location: 'https://hub.test/' } })]);
    const error = await settled(hub.business.get());
    expect(error).toMatchObject({
      code: 'unexpected_answer',
      status: 301,
      message: expect.stringContaining('https://hub.test/'),
    });
    expect(asked[0]?.redirect).toBe('manual');
  });

  it('says so when something else than the hub answers', async () => {
    const { hub } = fakeHub([new Response('<title>Welcome to nginx</title>')]);
    expect(await settled(hub.business.get())).toMatchObject({
      code: 'unexpected_answer',
      message: expect.stringContaining('Welcome to nginx'),
    });
  });
});

describe('an Idempotency-Key', () => {
  it('is the caller’s own where he has one', async () => {
    const { hub, asked } = fakeHub([broken(), ok({ campaign })]);
    await settled(hub.campaigns.pause(campaign.id, { idempotencyKey: 'pause-1' }));
    expect(keysOf(asked)).toEqual(['pause-1', 'pause-1']);
  });

  it('is another one for each call', async () => {
    const { hub, asked } = fakeHub([ok({ campaign }), ok({ campaign })]);
    await hub.campaigns.create(draft);
    await hub.campaigns.create(draft);
    expect(new Set(keysOf(asked)).size).toBe(2);
  });

  it.each(['', 'ä', 'x'.repeat(256), 'a\r\nb'])(
    'is refused before anything is sent where the hub would refuse it: %j',
    async (idempotencyKey) => {
      const { hub, asked } = fakeHub([]);
      expect(await settled(hub.campaigns.create(draft, { idempotencyKey }))).toBeInstanceOf(TypeError);
      expect(asked).toEqual([]);
    },
  );
});

describe('a deletion', () => {
  it('is done when it is gone after a try without an answer', async () => {
    const { hub } = fakeHub([broken(), refused(404, 'not_found')]);
    expect(await settled(hub.templates.delete(campaign.id))).toBeUndefined();
  });

  it.each([
    ['at once', []],
    ['after it was refused for the moment', [refused(429, 'rate_limited')]],
  ])('is a failure when there is nothing to delete %s', async (_when, before) => {
    const { hub } = fakeHub([...before, refused(404, 'not_found')]);
    expect(await settled(hub.templates.delete(campaign.id))).toMatchObject({ code: 'not_found' });
  });
});

describe('a limit of time', () => {
  it.each([0, Number.POSITIVE_INFINITY, 2 ** 31])('of %d ms is none', async (timeoutMs) => {
    const slow = (request: Request) =>
      Promise.race([
        silent(request),
        new Promise<Response>((resolve) => setTimeout(() => resolve(ok({ campaign })), 100_000)),
      ]);
    const { hub, asked } = fakeHub([slow]);
    expect(await settled(hub.campaigns.get(campaign.id, { timeoutMs }))).toEqual(campaign);
    expect(asked).toHaveLength(1);
  });
});

describe('the caller’s signal', () => {
  it('ends a call that is under way, with its reason', async () => {
    const { hub, asked } = fakeHub([silent]);
    const stop = new AbortController();
    const call = settled(hub.business.get({ signal: stop.signal }));
    const reason = new Error('the shop closes');
    stop.abort(reason);
    expect(await call).toBe(reason);
    expect(asked).toHaveLength(1);
  });

  it('ends the wait between two tries', async () => {
    const { hub, asked } = fakeHub([refused(429, 'rate_limited', {}, { 'retry-after': '60' })]);
    const stop = new AbortController();
    const call = hub.business.get({ signal: stop.signal }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    stop.abort();
    expect(await call).toMatchObject({ name: 'AbortError' });
    expect(asked).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a client', () => {
  it.each([
    [{ apiKey: '' }, /apiKey/],
    [{ apiKey: 'pmh_live_x\n' }, /apiKey/],
    [{ baseUrl: 'mail.example.com' }, /baseUrl/],
    [{ baseUrl: '' }, /baseUrl/],
  ])('is not made with %j', (options, message) => {
    expect(() => fakeHub([], options)).toThrow(message);
  });

  it('takes no empty id for one, which would be another path', async () => {
    const { hub, asked } = fakeHub([]);
    await expect(hub.campaigns.get('')).rejects.toThrow('id is missing');
    expect(asked).toEqual([]);
  });

  it.each(['.', '..'])('takes no %s for an id: a recipient that is deleted by it would be its campaign', async (id) => {
    const { hub, asked } = fakeHub([ok({})]);
    await expect(hub.campaigns.recipients.delete(campaign.id, id)).rejects.toThrow('recipientId cannot be');
    expect(asked).toEqual([]);
  });

  it('writes points in time as the hub reads them, and leaves out what is undefined', async () => {
    const { hub, asked } = fakeHub([
      ok({ events: [], pagination: { nextCursor: null, hasMore: false } }),
      ok({ campaign }),
    ]);
    await hub.events.list({ from: new Date('2026-12-24T08:00:00Z'), type: undefined }).page();
    expect(asked[0]?.url).toBe('http://hub.test/api/events?from=2026-12-24T08%3A00%3A00.000Z');
    await hub.campaigns.schedule('a/b', new Date('2026-12-24T08:00:00Z'));
    expect(asked[1]?.url).toBe('http://hub.test/api/campaigns/a%2Fb/schedule');
    expect(await asked[1]?.json()).toEqual({ scheduledFor: '2026-12-24T08:00:00.000Z' });
  });
});
