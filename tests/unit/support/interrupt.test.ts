import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';

const MODULE = resolve(import.meta.dirname, '../../../scripts/support/interrupt.ts');

/** Writes for as long as it is not interrupted, and then why it ends, to standard error. */
const PROGRAM = `
  import { onInterrupt } from ${JSON.stringify(MODULE)};
  const stopping = new AbortController();
  onInterrupt(stopping);
  const writing = setInterval(() => process.stdout.write('line\\n'), 20);
  stopping.signal.addEventListener('abort', () => {
    process.stderr.write(stopping.signal.reason.message);
    setTimeout(() => clearInterval(writing), 100);
  });
`;

function run(...before: string[]): ChildProcess {
  const command = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', PROGRAM];
  const [program = '', ...args] = [...before, ...command];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

it('ends in order when nobody reads what it writes', async () => {
  const { stdout, stderr, ...child } = piped(run());
  await once(stdout, 'data');
  stdout.destroy();
  expect(await text(stderr)).toBe('Nobody reads on');
  expect(await child.code).toBe(0);
});

it('ends in order when the process that started it is killed with kill -9', async () => {
  const { stdout, stderr, kill } = piped(run('/bin/sh', '-c', '"$@"; exit', 'sh'));
  await once(stdout, 'data');
  kill();
  expect(await text(stderr)).toBe('The process that started this one is gone');
});

function piped(child: ChildProcess) {
  if (!child.stdout || !child.stderr) throw new Error('no pipes');
  const code = once(child, 'exit').then(([exitCode]) => exitCode);
  return { stdout: child.stdout, stderr: child.stderr, code, kill: () => child.kill('SIGKILL') };
}
