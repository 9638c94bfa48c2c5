import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { type NewRecipient, PowerMtaHub } from '@power-mta-hub/sdk';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { apiKey, type Registered, register } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { useSdk } from '../support/sdk.js';
import { as } from '../support/sending.js';
import { fakeHub, ok, silent } from './fake-hub.js';

useHub();
const sdk = useSdk();
let who: Registered;
let key: string;

beforeAll(async () => {
  who = await register();
  key = await apiKey(who, ['manage_campaigns', 'view_analytics']);
});

afterEach(() => {
  vi.useRealTimers();
});

async function draft() {
  const { campaign } = await as(who, 'post', '/api/campaigns', { name: 'Autumn' }, 201);
  return campaign.id as string;
}

const COUNT = 1_200;
const people = (): NewRecipient[] =>
  Array.from({ length: COUNT }, (_, n) => ({ email: `p${n}@example.com`, variables: { bottle: 'Ä'.repeat(100) } }));

async function* oneByOne() {
  yield* people();
}

const csv = () =>
  `email,name\n${people()
    .map(({ email }) => `${email},Ann`)
    .join('\n')}\n`;

describe('recipients', () => {
  it.each<[string, Parameters<PowerMtaHub['campaigns']['recipients']['add']>[1]]>([
    ['a long array', people()],
    ['a set', new Set(people())],
    ['an async iterable', oneByOne()],
    ['a stream of Node', Readable.from(people())],
    ['a stream of the web', Readable.toWeb(Readable.from(people())) as ReadableStream<NewRecipient>],
    ['a function that opens them', oneByOne],
  ])('may be %s', async (_what, source) => {
    const report = await sdk(key).campaigns.recipients.add(await draft(), source);
    expect(report).toMatchObject({ added: COUNT, duplicates: 0, invalid: 0 });
  });

  it.each<[string, Parameters<PowerMtaHub['campaigns']['recipients']['addFile']>[1]]>([
    ['text', csv()],
    ['bytes', Buffer.from(csv())],
    ['a stream of Node', Readable.from([Buffer.from(csv())])],
    ['a stream of the web', new Blob([csv()]).stream() as ReadableStream<Uint8Array>],
  ])('may come from a CSV file as %s', async (_what, file) => {
    expect(await sdk(key).campaigns.recipients.addFile(await draft(), file)).toMatchObject({ added: COUNT });
  });

  it('come back as a CSV file that is read as it comes', async () => {
    const id = await draft();
    const { recipients } = sdk(key).campaigns;
    await recipients.add(id, people());
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of await recipients.export(id)) text += decoder.decode(chunk, { stream: true });
    expect(text.trimEnd().split('\n')).toHaveLength(COUNT + 1);
    await expect(recipients.export('0'.repeat(24))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('tell how many were added when the file cannot be read on', async () => {
    const file = `email,name\n${'a@example.com,Ann\n'}b@example.com,"Ben\n`;
    const error = await sdk(key)
      .campaigns.recipients.addFile(await draft(), file)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'validation_failed', status: 422, details: { added: 1, line: 3 } });
  });

  it('throw what their source throws', async () => {
    const failure = new Error('the shop’s database is away');
    const source = async function* () {
      yield* people().slice(0, 1_000);
      throw failure;
    };
    await expect(sdk(key).campaigns.recipients.add(await draft(), source())).rejects.toBe(failure);
  });

  it('end their source when the hub refuses them', async () => {
    let isEnded = false;
    const endless = async function* () {
      try {
        for (let n = 0; ; n += 1) yield { email: `p${n}@example.com` };
      } finally {
        isEnded = true;
      }
    };
    const gone = '0'.repeat(24);
    await expect(sdk(key, { maxRetries: 0 }).campaigns.recipients.add(gone, endless())).rejects.toThrow();
    await expect.poll(() => isEnded).toBe(true);
  });
});

describe('a stream that gets no answer', () => {
  /** A server that breaks the first connection in the middle of the body, and counts what it reads of the second. */
  async function breaking() {
    const lines: number[] = [];
    const server = createServer(async (req, res) => {
      const index = lines.push(0) - 1;
      for await (const chunk of req) {
        lines[index] = (lines[index] ?? 0) + String(chunk).split('\n').length - 1;
        if (index === 0) return req.destroy();
      }
      res.setHeader('content-type', 'application/json').end('{"success":true,"added":1}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { hub: new PowerMtaHub({ apiKey: 'pmh_test_key', baseUrl }), lines, server };
  }

  it.each<[string, Parameters<PowerMtaHub['campaigns']['recipients']['add']>[1]]>([
    ['an array', people()],
    ['a function', oneByOne],
  ])('is sent again, from its beginning, where it is %s', async (_what, source) => {
    const { hub, lines, server } = await breaking();
    expect(await hub.campaigns.recipients.add('id', source)).toEqual({ added: 1 });
    expect(lines[1]).toBe(COUNT);
    server.close();
  });

  it('is not sent again where what was read is gone', async () => {
    const { hub, lines, server } = await breaking();
    await expect(hub.campaigns.recipients.add('id', oneByOne())).rejects.toMatchObject({ code: 'no_answer' });
    expect(lines).toHaveLength(1);
    server.close();
  });

  it('may take as long as it needs, and bears no Idempotency-Key', async () => {
    vi.useFakeTimers();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow = async function* () {
      yield { email: 'a@example.com' };
      await gate;
      yield { email: 'b@example.com' };
    };
    const read = async (request: Request) => ok({ lines: (await request.text()).trimEnd().split('\n').length });
    const { hub, asked } = fakeHub([(request) => Promise.race([read(request), silent(request)])]);
    const call = hub.campaigns.recipients.add('id', slow());
    await vi.advanceTimersByTimeAsync(3_600_000);
    open();
    expect(await call).toEqual({ lines: 2 });
    expect(asked[0]?.headers.has('idempotency-key')).toBe(false);
    expect(asked[0]?.headers.get('content-type')).toBe('application/x-ndjson');
  });

  it('takes no longer than its call says', async () => {
    vi.useFakeTimers();
    const { hub } = fakeHub([silent], { timeoutMs: 1 });
    const call = hub.campaigns.recipients.add('id', oneByOne(), { timeoutMs: 5_000 }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await call).toMatchObject({ code: 'timeout', message: expect.stringContaining('5000 ms') });
  });
});

it('suppressions may be as many, and from a file', async () => {
  const { suppressions } = sdk(key);
  const list = Array.from({ length: 10_001 }, (_, n) => ({ email: `s${n}@example.org` }));
  expect(await suppressions.import(list, { reason: 'complained' })).toMatchObject({ added: 10_001 });
  expect(await suppressions.importFile('email\ns0@example.org\nnew@example.org\n')).toMatchObject({ added: 2 });
  const { items } = await suppressions.list({ email: 's0@' }).page();
  expect(items[0]?.reasons.map(({ reason }) => reason).sort()).toEqual(['complained', 'manual']);
});
