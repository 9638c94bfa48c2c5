import { PowerMtaHub } from '@power-mta-hub/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../src/embedded/free-port.js';
import { apiKey, sendsFrom } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { useProcesses } from '../support/processes.js';
import { type Project, packSdk } from '../support/sdk-project.js';
import { accepted, sender } from '../support/sending.js';
import { until } from '../support/until.js';
import { EXAMPLES } from './readme.js';

useHub();
const start = useProcesses();
const packed = await packSdk();
afterAll(() => packed.remove());

/** Sends a message, waits for what becomes of it, verifies that, and tells it. */
const CIRCLE = `
const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const event = verifyWebhook(Buffer.concat(chunks), request.headers, process.env.SECRET);
  response.writeHead(204).end(() => {
    console.log(JSON.stringify({ sent, event }));
    process.exit(0);
  });
}).listen(process.env.PORT);
const hub = new PowerMtaHub({ apiKey: process.env.HUB_API_KEY, baseUrl: process.env.HUB_URL });
let sent;
hub.emails
  .send({ from: 'orders@example.com', to: 'ann@example.com', subject: 'Your order', text: 'Thank you.' })
  .then((email) => (sent = email));
`;

const TYPED = `
const hub = new PowerMtaHub({ apiKey: process.env.HUB_API_KEY, baseUrl: 'https://mail.example.com', timeoutMs: 5_000 });
export async function example(signal: AbortSignal): Promise<string> {
  const email: Email = await hub.emails.send({ to: ['a@b.c'], subject: 's', text: 't', tags: { order: '1' } }, { signal });
  for await (const campaign of hub.campaigns.list({ status: 'sent' })) console.log(campaign satisfies Campaign);
  const event = verifyWebhook('{}', { 'webhook-id': 'x' }, 'whsec_x');
  // @ts-expect-error: an event that is not narrowed has no link.
  event.data.link;
  if (event.type === 'email.clicked') return event.data.link;
  // @ts-expect-error: there is no such field.
  await hub.campaigns.create({ name: 'x', nonsense: true });
  try {
    await hub.templates.get('x');
  } catch (error) {
    if (error instanceof HubError && error.code === 'not_found') return error.requestId ?? email.id;
    // @ts-expect-error: there is no such code.
    if (error instanceof HubError && error.code === 'nonsense') throw error;
  }
  return '';
}
`;

const NAMES = 'HubError, PowerMtaHub, verifyWebhook';

/** How a project of each kind begins. */
const HEADS = {
  module: `import { createServer } from 'node:http';\nimport { ${NAMES} } from '@power-mta-hub/sdk';\n`,
  commonjs: `const { createServer } = require('node:http');\nconst { ${NAMES} } = require('@power-mta-hub/sdk');\n`,
};
const KINDS = ['module', 'commonjs'] as const;

describe('the packed SDK in an empty project', () => {
  const projects = new Map<string, Project>();
  beforeAll(async () => {
    for (const kind of KINDS) projects.set(kind, await packed.project(kind, kind));
  });

  it('sends a message by a running hub and verifies the webhook that tells of it, as ES module and CommonJS', async () => {
    const ports = [String(await findFreePort()), String(await findFreePort())];
    const targets = ports.map((port) => `127.0.0.1:${port}`);
    const { env, who, key, hub } = await runningHub({ WEBHOOK_ALLOWED_TARGETS: targets.join() });
    for (const [index, kind] of KINDS.entries()) {
      const { id, secret } = await hub.webhooks.create({
        name: kind,
        url: `http://${targets[index]}/hooks`,
        types: ['email.sent'],
      });
      const settings = { ...env, HUB_API_KEY: key, PORT: ports[index], SECRET: secret };
      const output = await projects.get(kind)?.node('circle.js', HEADS[kind] + CIRCLE, settings);
      const { sent, event } = JSON.parse(output ?? '');
      expect(sent).toMatchObject({ status: 'pending', recipients: [{ email: 'ann@example.com' }] });
      expect(event).toMatchObject({ type: 'email.sent', data: { emailId: sent.id, email: 'ann@example.com' } });
      expect((await accepted(who)).map(({ messageId }) => messageId)).toContain(event.data.messageId);
      await hub.webhooks.delete(id);
    }
    expect(await accepted(who)).toHaveLength(2);
  });

  it.each(KINDS)('has the types of its kind: %s', async (kind) => {
    const names = `${NAMES}, type Campaign, type Email`;
    await projects.get(kind)?.compile('typed.ts', `import { ${names} } from '@power-mta-hub/sdk';\n${TYPED}`);
  });
});

describe('the README', () => {
  const [first = '', receiver = '', ...fragments] = EXAMPLES;
  let project: Project;
  beforeAll(async () => {
    project = await packed.project('module', 'readme');
  });

  it('has examples that send and receive, just as they stand there, the first in ten lines', async () => {
    expect(first.trimEnd().split('\n')).toHaveLength(10);
    const port = String(await findFreePort());
    const { env, who, key, hub } = await runningHub({ WEBHOOK_ALLOWED_TARGETS: `127.0.0.1:${port}` });
    expect(await project.node('first.js', first, { ...env, HUB_API_KEY: key })).toMatch(/^[0-9a-f]{24} pending\n$/);
    await until(async () => (await accepted(who)).some(({ recipient }) => recipient === 'ann@example.com'));

    const url = `http://127.0.0.1:${port}`;
    const { id, secret } = await hub.webhooks.create({ name: 'readme', url });
    const receiving = project.start('receiver.js', receiver, { PORT: port, HUB_WEBHOOK_SECRET: secret });
    try {
      const unsigned = await until(() => fetch(url, { method: 'POST', body: '{}' }).catch(() => undefined));
      expect(unsigned.status).toBe(400);
      expect(await hub.webhooks.test(id)).toMatchObject({ status: 'succeeded', httpStatus: 204 });
    } finally {
      receiving.kill('SIGKILL');
    }
  });

  it('has no example that the compiler refuses', async () => {
    const given = `import { HubError, type PowerMtaHub } from '@power-mta-hub/sdk';
      declare const hub: PowerMtaHub;
      declare const order: { id: number };
      declare const confirmation: { to: string; template: string };
      declare function askForAnotherAddress(of: typeof order): void;`;
    const functions = fragments.map((code, n) => `export async function example${n}() {\n${code}\n}`);
    expect(functions.length).toBeGreaterThan(3);
    await project.compile('fragments.ts', [given, ...functions].join('\n'));
  });
});

/** The processes of the hub, and a business on it that may send. */
async function runningHub(settings: NodeJS.ProcessEnv = {}) {
  const who = await sender();
  await sendsFrom(who, 'whisky.example');
  const key = await apiKey(who, ['send_transactional']);
  const [server, worker] = [start('server', settings), start('worker', settings)];
  await Promise.all([server.ready, worker.ready]);
  const port = await until(() => /"address":\{[^}]*"port":(\d+)/.exec(server.output())?.[1]);
  const env = { HUB_URL: `http://127.0.0.1:${port}` };
  return { env, who, key, hub: new PowerMtaHub({ apiKey: who.token, baseUrl: env.HUB_URL }) };
}
