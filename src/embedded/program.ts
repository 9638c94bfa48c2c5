import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { nodeArguments } from './node-command.js';

const STOP_TIMEOUT_MS = 5000;

/** A Node program of this folder that runs as a process of its own. */
export interface Program {
  readonly pid: number | undefined;
  /** The URL that it said it listens on. */
  readonly url: string;
  /** Ends it; resolves when it is gone. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a program written with {@link serveAsProgram} and waits until it listens. It ends when this process does,
 * however this process ends: its standard input then closes. What it writes to standard error is passed through.
 * @param entry the program's path below this folder, without extension
 * @param settings given to the program as JSON
 * @throws Error when it ends before it listens
 */
export async function startProgram(entry: string, settings: object, signal?: AbortSignal): Promise<Program> {
  // A session of its own: Ctrl-C in a terminal reaches the owner, which stops its services last.
  const child = spawn(process.execPath, [...nodeArguments(entry), JSON.stringify(settings)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const stop = () => stopChild(child);
  try {
    const url = await firstLine(entry, child, signal);
    return { pid: child.pid, url, close: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function firstLine(entry: string, child: ChildProcess, signal: AbortSignal | undefined): Promise<string> {
  const output = child.stdout;
  if (!output) throw new Error(`${entry} has no standard output`);
  const line = new Promise<string>((resolve, reject) => {
    createInterface(output).once('line', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${entry} ended with code ${code} before it was ready`)));
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  signal?.throwIfAborted();
  return line;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  child.stdin?.end();
  await once(child, 'exit');
  clearTimeout(timer);
}

/** What a program does once it has its settings. */
export interface Serving {
  url: string;
  close(): Promise<void> | void;
}

/** The other side of {@link startProgram}: starts, says where it listens, and ends with its owner. */
export async function serveAsProgram(start: (settings: unknown) => Promise<Serving>): Promise<void> {
  const settings: unknown = JSON.parse(process.argv[2] ?? '{}');
  const serving = await start(settings);
  process.stdin.once('close', () => {
    void Promise.resolve(serving.close()).finally(() => process.exit());
  });
  // A broken pipe closes as well.
  process.stdin.on('error', () => {}).resume();
  process.stdout.write(`${serving.url}\n`);
}
