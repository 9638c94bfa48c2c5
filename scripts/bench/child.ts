import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Starts a Node program with an IPC channel and waits for its `ready`. @throws Error when it ends before. */
export async function startChild(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await untilMessage(child, 'ready');
  return child;
}

/** Waits until the child sends `word`. @throws Error when it ends before. */
export async function untilMessage(child: ChildProcess, word: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const ended = (code: number | null) =>
      reject(new Error(`${child.spawnargs[1]} ended with ${code} before “${word}”`));
    child.once('exit', ended);
    child.on('message', function heard(message) {
      if (message !== word) return;
      child.off('message', heard);
      child.off('exit', ended);
      resolve();
    });
  });
}

/** Ends it in order and waits for that. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
