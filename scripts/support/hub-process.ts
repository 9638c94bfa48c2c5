import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { makeGuardedDirectory } from '../../src/embedded/guard.js';

/** So many characters of a process's output are kept, to be shown when it fails. */
const KEPT_OUTPUT = 4_000;

/** A process of the hub that is up. */
export interface HubProcess {
  /** The end of what it wrote, each line with its name before it; empty when it wrote nothing. */
  lastOutput(): string;
  /** Ends it in order; resolves when it is gone. */
  close(): Promise<void>;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
}

/** What to run, and how. */
export interface HubProgram {
  /** What it is called in messages, e.g. `worker`. */
  name: string;
  /** The program's full path. */
  file: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** Told when it ends before it was closed or killed. */
  onDeath(error: Error): void;
  /** Given each line that it writes. */
  onLine?(line: string): void;
}

/**
 * Starts a process of the hub and waits until it says that it is ready. It works in an empty directory of its own, where
 * no `.env` of the machine's owner reaches it, and a guard ends it when this process is gone, also by kill -9.
 * @throws Error with its last output when it ends before it is ready.
 */
export async function startHubProcess(program: HubProgram): Promise<HubProcess> {
  const { name, file, env, signal, onDeath } = program;
  const { directory, guard } = makeGuardedDirectory(name);
  // A session of its own: Ctrl-C in a terminal reaches the script, which ends its processes in order.
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    cwd: directory,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  guard.watch(child.pid);
  const output = keepOutput(child);
  if (program.onLine) for (const stream of [child.stdout, child.stderr]) eachLine(stream, program.onLine);
  const lastOutput = () => output().replace(/^(?=.)/gm, `${name} | `);
  let isClosing = false;
  const end = async (how: NodeJS.Signals) => {
    isClosing = true;
    if (child.exitCode === null && child.signalCode === null && child.kill(how)) await once(child, 'exit');
    await guard.close();
  };
  const close = () => end('SIGTERM');
  try {
    await ready(child, signal);
  } catch (error) {
    await close();
    signal.throwIfAborted();
    throw new Error(`The ${name} did not start: ${messageOf(error)}\n${lastOutput()}`.trimEnd(), { cause: error });
  }
  child.once('exit', (code, killedBy) => {
    if (!isClosing) onDeath(new Error(`The ${name} died (${killedBy ?? `code ${code}`}).\n${lastOutput()}`.trimEnd()));
  });
  return { lastOutput, close, kill: () => end('SIGKILL') };
}

function keepOutput(child: ChildProcess): () => string {
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => output;
}

function eachLine(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream) createInterface(stream).on('line', onLine);
}

async function ready(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const waiting = new AbortController();
  const options = { signal: AbortSignal.any([signal, waiting.signal]) };
  const ended = once(child, 'close', options).then(([code]) => {
    throw new Error(`it ended with code ${code}`);
  });
  try {
    await Promise.race([once(child, 'message', options), ended]);
  } finally {
    waiting.abort();
    ended.catch(() => undefined);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
