import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach } from 'vitest';
import { noteOutput } from './leaks/evidence.js';

/** A process of the build, as PM2 starts it. */
export interface Running {
  child: ChildProcess;
  /** What it wrote so far, to stdout and stderr. */
  output(): string;
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>;
  ready: Promise<void>;
}

/** Starts `dist/<name>.js` over this file's databases; whatever still runs after a test is killed. */
export function useProcesses(): (name: 'server' | 'worker', env?: NodeJS.ProcessEnv) => Running {
  const children = new Set<ChildProcess>();
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
  });
  return (name, env = {}) => {
    const child = spawn(process.execPath, [`dist/${name}.js`], {
      env: { ...process.env, NODE_ENV: 'development', LOG_LEVEL: 'info', PORT: '0', HOST: '127.0.0.1', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    children.add(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        noteOutput(chunk.toString());
      });
    const ended = once(child, 'close').then(([code, signal]) => code ?? signal);
    const ready = new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      void ended.then((code) => reject(new Error(`${name} ended with ${code}: ${text}`)));
    });
    ready.catch(() => undefined);
    return { child, output: () => text, ended, ready };
  };
}
