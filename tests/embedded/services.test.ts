import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import mongoose from 'mongoose';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startServices } from '../../src/embedded/services.js';
import { until } from '../support/until.js';
import { descendants, running } from './processes.js';

const PROJECT = resolve(import.meta.dirname, '../..');

interface Started {
  child: ChildProcess;
  line: { mongodbUri: string; redisUrl: string; sesEndpoint: string; inboxUrl: string };
  /** The script's own process and everything below it. */
  pids: number[];
  /** What lies in its directory for temporary files. */
  leftovers(): Promise<string[]>;
}

/** Runs `scripts/services.ts`, or a command that does so. */
async function runScript(project = PROJECT, command?: string[]): Promise<Started> {
  const temporary = await mkdtemp(join(tmpdir(), 'pmh test '));
  const { MONGODB_URI: _, REDIS_URL: __, ...env } = process.env;
  const script = [process.execPath, '--import', 'tsx', join(project, 'scripts/services.ts')];
  const [program = '', ...args] = command ?? script;
  const child = spawn(program, args, {
    cwd: PROJECT,
    env: { ...env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(temporary, { recursive: true, force: true, maxRetries: 5 });
  });
  const [text] = await once(createInterface(child.stdout), 'line');
  return {
    child,
    line: JSON.parse(String(text)),
    pids: [child.pid ?? 0, ...descendants(child.pid ?? 0)],
    // tsx keeps its compiled files there: they are no one service's.
    leftovers: async () => (await readdir(temporary)).filter((name) => !name.startsWith('tsx-')),
  };
}

async function expectNothingLeft({ pids, leftovers }: Started): Promise<void> {
  expect(pids.length).toBeGreaterThan(5);
  await until(() => running(pids).length === 0);
  await until(async () => (await leftovers()).length === 0);
}

describe('npm run services', () => {
  it('says where everything is, and ends on SIGTERM, from a path with spaces', async () => {
    const copy = join(await mkdtemp(join(tmpdir(), 'pmh-test-')), 'a path with spaces');
    onTestFinished(() => rm(resolve(copy, '..'), { recursive: true }));
    await mkdir(join(copy, 'src'), { recursive: true });
    await cp(join(PROJECT, 'src/embedded'), join(copy, 'src/embedded'), { recursive: true });
    await cp(join(PROJECT, 'scripts'), join(copy, 'scripts'), { recursive: true });
    await cp(join(PROJECT, 'package.json'), join(copy, 'package.json'));
    await symlink(join(PROJECT, 'node_modules'), join(copy, 'node_modules'));

    const started = await runScript(copy);
    const { line, child } = started;
    expect(new URL(line.mongodbUri).pathname).toBe('/power-mta-hub');
    const mongo = await mongoose.createConnection(line.mongodbUri).asPromise();
    expect(await mongo.db?.admin().ping()).toEqual({ ok: 1 });
    await mongo.close();
    const redis = new Redis(line.redisUrl);
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
    const inbox = await (await fetch(new URL('/_local/inbox', line.sesEndpoint))).json();
    expect(inbox).toMatchObject({ url: line.inboxUrl });

    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    await expectNothingLeft(started);
  });

  it('leaves no process and no directory when it is killed with kill -9', async () => {
    const started = await runScript();
    expect(await started.leftovers()).not.toEqual([]);
    started.child.kill('SIGKILL');
    await expectNothingLeft(started);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('ends when npm is ended by %s', async (signal) => {
    const started = await runScript(PROJECT, ['npm', 'run', '--silent', 'services']);
    started.child.kill(signal);
    await expectNothingLeft(started);
  });
});

describe('startServices', () => {
  it('starts no MongoDB and no Redis where it is given some', async () => {
    const mongodbUri = inject('mongodbUri');
    const redisUrl = inject('redisUrl');
    const services = await startServices({ mongodbUri, redisUrl, inbox: false });
    onTestFinished(services.close);
    expect(services).toMatchObject({ mongodbUri, redisUrl, mongo: null, redis: null, inbox: null, inboxUrl: null });
    expect(await services.ses.totals()).toMatchObject({ accepted: 0 });
    await Promise.all([services.close(), services.close()]);
    await expect(services.ses.totals()).rejects.toThrow();
  });

  it('ends what it started when it is told to give up', async () => {
    const before = descendants(process.pid);
    await expect(startServices({ signal: AbortSignal.timeout(150) })).rejects.toThrow(/timeout/);
    await until(() => running(descendants(process.pid).filter((pid) => !before.includes(pid))).length === 0);
  });
});
