import { stderr, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { connectMongo, disconnectMongo } from './mongo.js';
import { USER_PERMISSIONS } from './permissions.js';
import { NewPassword } from './schemas/auth.js';
import { Email, line } from './schemas/common.js';
import { problemsOf } from './schemas/problems.js';
import * as audit from './services/audit.js';
import * as users from './services/users.js';

const USAGE = `Makes an administrator of the whole hub (a super_admin).

  npm run create-admin -- [--email <address>] [--name <name>] [--password-stdin]

What is not given is asked for. The password is never a flag: other users of the machine could read it.
  --password-stdin   read the password from standard input, e.g. from a password manager
Ends with 0 when the administrator is made, 1 when it could not be, 2 when the input is not right.
`;

/** What a person typed wrong: said without a stack, exit code 2. */
class InputError extends Error {}

const Admin = z.strictObject({ email: Email, name: line(200), password: NewPassword });

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags.help) {
    stdout.write(USAGE);
    return;
  }
  const parsed = Admin.safeParse({
    email: flags.email ?? (await ask('E-mail address: ')),
    name: flags.name ?? (await ask('Name: ')),
    password: flags['password-stdin'] ? (await text(stdin)).replace(/\r?\n$/, '') : await askTwice(),
  });
  if (!parsed.success) {
    throw new InputError(
      problemsOf(parsed.error)
        .map(({ path, message }) => `${path}: ${message}`)
        .join('\n'),
    );
  }

  await connectMongo();
  try {
    const { email, name } = parsed.data;
    const what = { action: 'administrator.create', detail: { email, name } };
    const user = await audit.act({ command: 'npm run create-admin' }, what, () =>
      users.create({ ...parsed.data, role: 'super_admin', permissions: USER_PERMISSIONS }),
    );
    stdout.write(`${user.email} is now an administrator of the hub (id ${user._id}).\n`);
  } finally {
    await disconnectMongo();
  }
}

function readFlags() {
  try {
    return parseArgs({
      options: {
        email: { type: 'string' },
        name: { type: 'string' },
        'password-stdin': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new InputError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

async function askTwice(): Promise<string> {
  const password = await ask('Password (at least 8 characters): ', true);
  if (password !== (await ask('The password again: ', true))) throw new InputError('The passwords are not the same');
  return password;
}

/** Asks on the terminal; a hidden answer is not echoed. @throws InputError where there is no terminal to ask on. */
async function ask(question: string, isHidden = false): Promise<string> {
  if (!stdin.isTTY) throw new InputError('There is no terminal to ask on: give --email, --name and --password-stdin');
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: stdin, output: isHidden ? nowhere : stderr, terminal: true });
  if (isHidden) stderr.write(question);
  try {
    return await terminal.question(isHidden ? '' : question);
  } finally {
    terminal.close();
    if (isHidden) stderr.write('\n');
  }
}

main().catch((error: unknown) => {
  // Errors of the hub itself and of the configuration are written for people; a stack would only hide them.
  stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof InputError ? 2 : 1;
});
