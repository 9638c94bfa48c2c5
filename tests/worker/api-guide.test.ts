import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createApp } from '../../src/app.js';
import { createHubServer } from '../../src/http-server.js';
import { EventModel } from '../../src/models/event.js';
import { publish } from '../support/domains.js';
import { differences, openShell, type Shell, type Step, stepsOf } from '../support/guide.js';
import { useHub } from '../support/hub.js';
import { watched } from '../support/leaks/watched.js';
import { NameServer } from '../support/name-server.js';
import { ses, useWorkers } from '../support/sending.js';
import { until } from '../support/until.js';

const steps = stepsOf(readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8'));

const dns = new NameServer();
let server: Server;
let receiver: Server;
let shell: Shell;
let home: string;

// SNS posts to the hub, so the hub listens; what the local SNS signs is believed. Before anything reads the configuration.
Object.assign(process.env, {
  SNS_CERT_URL_PREFIX: inject('sesEndpoint'),
  DNS_SERVERS: await dns.start(),
  MASTER_SES_ACCESS_KEY: 'AKIAMASTER',
  MASTER_SES_SECRET_KEY: 'master-secret',
  SYSTEM_FROM_EMAIL: 'hub@hub.example.test',
});
beforeAll(async () => {
  // A project that takes every event.
  receiver = createServer((_req, res) => res.end()).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const target = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  process.env.WEBHOOK_ALLOWED_TARGETS = target;
  server = createHubServer((req, res) => watched(createApp())(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  process.env.PUBLIC_URL = `http://127.0.0.1:${port}`;
  home = mkdtempSync(join(tmpdir(), 'pmh-guide-'));
  shell = openShell(
    home,
    { ...process.env, HUB: process.env.PUBLIC_URL, HOOK: `http://${target}/hooks/mail` },
    COMMANDS,
  );
});
afterAll(() => {
  shell.close();
  for (const one of [server, receiver]) {
    one.close();
    one.closeAllConnections();
  }
  rmSync(home, { recursive: true });
});

useHub();
const startWorkers = useWorkers();

const COMMANDS = {
  // What npm would run, without building first.
  npm: `[ "$1 $2 $3" = 'run create-admin --' ] && shift 3 && exec node "${resolve('dist/create-admin.js')}" "$@"`,
  // A person has time.
  sleep: 'PATH="$REAL_PATH" exec sleep 0.1',
};

/** By when every recipient of the campaign has an end: three deliveries, a bounce and a complaint. */
const COME_BACK = /^email\.(delivered|bounced|complained)$/;
/** Not the one to whom it was sent to try it. */
const RECIPIENT = /\+/;

/** What happens in the world before a step: a record is published, SES refuses somebody once. */
async function prepare({ script }: Step, answers: readonly string[]): Promise<void> {
  if (script.includes('/verify')) {
    publish(dns, JSON.parse(answers.at(-1) ?? '').domain);
  }
  if (script.includes('/send ')) {
    const rule = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', recipient: 'success+erin@simulator.amazonses.com' };
    await ses().fail({ kind: 'reject', ...rule, next: 1 });
  }
  if (script.includes('/stats ') && script.includes('until')) {
    await until(async () => (await EventModel.countDocuments({ type: COME_BACK, email: RECIPIENT })) >= 5);
  }
}

describe('docs/api.md', () => {
  it('is true, command by command: each works as it stands, and answers what stands below it', async () => {
    startWorkers();
    expect(steps.length).toBeGreaterThan(40);
    const answers: string[] = [];
    for (const step of steps) {
      await prepare(step, answers);
      const answered = await shell.run(step.script);
      answers.push(...answered.map(({ text }) => text));
      expect(
        answered.filter(({ status }) => status >= 400),
        `the commands at line ${step.line}`,
      ).toEqual([]);
      if (step.answer === undefined) continue;
      const real = JSON.parse(answers.at(-1) ?? '');
      expect(differences(step.answer, real), `the answer to the commands at line ${step.line}`).toEqual([]);
    }
  }, 120_000);
});
