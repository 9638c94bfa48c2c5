import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SettingModel } from '../../src/models/setting.js';
import { register } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { useProcesses } from '../support/processes.js';
import { launched, people, sender, ses } from '../support/sending.js';
import { BROWSER, tracked } from '../support/tracked.js';
import { until } from '../support/until.js';

useHub();
const start = useProcesses();

describe.each(['server', 'worker'] as const)('the %s', (name) => {
  it.each(['SIGTERM', 'SIGINT'] as const)('says when it is ready, and ends in order on %s', async (signal) => {
    const running = start(name);
    await running.ready;
    const signalledAt = performance.now();
    running.child.kill(signal);
    expect(await running.ended).toBe(0);
    expect(performance.now() - signalledAt).toBeLessThan(10_000);
    expect(running.output()).toContain('"msg":"ended"');
  });

  it('names every problem of its environment at once and does not start', async () => {
    const running = start(name, { NODE_ENV: 'production', PORT: 'x', JWT_SECRET: 'short', ENCRYPTION_KEY: 'abc' });
    expect(await running.ended).toBe(1);
    for (const variable of ['PORT', 'JWT_SECRET', 'ENCRYPTION_KEY']) expect(running.output()).toContain(variable);
  });

  it('does not start over a database written under another ENCRYPTION_KEY', async () => {
    const first = start(name);
    await first.ready;
    first.child.kill('SIGTERM');
    await first.ended;
    expect(await SettingModel.countDocuments({ _id: 'encryption-canary' })).toBe(1);
    const second = start(name, { ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain('ENCRYPTION_KEY is not the key');
  });
});

describe('the server', () => {
  it('says that its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const running = start('server', { PORT: String(port) });
    expect(await running.ended).toBe(1);
    expect(running.output()).toMatch(/EADDRINUSE/);
    other.close();
  });

  it('writes the opens it has gathered before it ends', async () => {
    const message = await tracked(await register(), []);
    const running = start('server');
    await running.ready;
    const port = await until(() => /"address":\{[^}]*"port":(\d+)/.exec(running.output())?.[1]);
    const answer = await fetch(`http://127.0.0.1:${port}${message.open}`, { headers: { 'User-Agent': BROWSER } });
    expect(answer.status).toBe(200);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect((await message.read()).openedAt).toBeInstanceOf(Date);
  });
});

describe('the worker', () => {
  it('finishes its calls within the grace period when it is told to end while it sends', async () => {
    const who = await sender(200);
    await launched(who, people(2_000));
    const running = start('worker');
    await running.ready;
    await until(async () => (await ses().recipients({ accessKeyId: who.accessKeyId })).length > 30);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
  });
});
