import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { AuditEntryModel } from '../../src/models/audit-entry.js';
import { unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

/** Runs `npm run create-admin` as it is run, without a terminal. */
async function createAdmin(args: readonly string[], input = ''): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, ['dist/create-admin.js', ...args], { env: process.env });
  child.stdin.end(input);
  const exit = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
  const [code, out, err] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { code, out, err };
}

const flags = (email: string) => ['--email', email, '--name', 'Root', '--password-stdin'];

describe('npm run create-admin', () => {
  it('makes an administrator who can sign in, once', async () => {
    const email = `${unique('root')}@hub.test`;
    const made = await createAdmin(flags(email), 'Test123!\n');
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining(email), err: '' });

    const { body } = await api().post('/api/auth/login').send({ email, password: 'Test123!' }).expect(200);
    expect(body).toMatchObject({ user: { role: 'super_admin', name: 'Root' }, business: null });

    const again = await createAdmin(flags(email), 'Another123!\n');
    expect(again).toMatchObject({ code: 1, err: 'There is already an account with this address\n' });

    const entries = await AuditEntryModel.find({ 'detail.email': email }).sort({ _id: 1 }).lean();
    expect(entries).toMatchObject([
      { actorEmail: 'npm run create-admin', action: 'administrator.create', outcome: 'done' },
      { action: 'administrator.create', outcome: 'refused' },
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/Test123!|Another123!/);
  });

  it('says everything that is wrong, and ends with 2', async () => {
    const { code, err } = await createAdmin(['--email', 'root', '--name', ' ', '--password-stdin'], 'short');
    expect(code).toBe(2);
    expect(err).toMatch(/^email: .*\nname: .*\npassword: .*\n$/);
    expect(err).not.toContain('short');
  });

  it.each([
    ['a flag it does not know', ['--password', 'x'], /--password-stdin/],
    ['a missing flag where nobody can be asked', ['--email', 'root@hub.test'], /--name/],
  ])('ends with 2 at %s', async (_case, args, message) => {
    const { code, err } = await createAdmin(args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});
