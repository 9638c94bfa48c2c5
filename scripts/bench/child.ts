import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { makeGuardedDirectory } from '../../src/embedded/guard.js';

/**
 * Starts a Node program with an IPC channel and waits for its `ready`. A guard ends it when this process is gone, however that
 * ended: a bench that was killed must not leave its port taken. @throws Error when it ends before.
 */
export async function startChild(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { guard } = makeGuardedDirectory('bench');
  guard.watch(child.pid);
  child.once('exit', () => {
    guard.watch(undefined);
    void guard.close();
  });
  await untilMessage(child, 'ready');
  return child;
}

/** Waits until the child sends `word`. @throws Error when it ends before. */
export async function untilMessage(child: ChildProcess, word: string): Promise<void> {
  await messageOf(child, word, (message) => message === word);
}

/** Sends the child `word` and waits for the object that it answers with. @throws Error when it ends before. */
export async function answerOf<T extends object>(child: ChildProcess, word: string): Promise<T> {
  const answer = messageOf(child, `an answer to “${word}”`, (message) => typeof message === 'object');
  child.send(word);
  return (await answer) as T;
}

function messageOf(child: ChildProcess, what: string, isIt: (message: unknown) => boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) =>
      reject(new Error(`${child.spawnargs.slice(1).join(' ')} ended with ${code} before ${what}`));
    child.once('exit', ended);
    child.on('message', function heard(message) {
      if (!isIt(message)) return;
      child.off('message', heard);
      child.off('exit', ended);
      resolve(message);
    });
  });
}

/** Ends it in order and waits for that. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
