import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * Runs a program to its end and answers its standard output.
 * @throws Error with the command line and the end of what the program wrote to standard error
 */
export async function run(
  program: string,
  args: string[],
  options: { cwd?: string; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, { ...options, maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    options.signal?.throwIfAborted();
    const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim().slice(-1000) : '';
    throw new Error(`${program} ${args.join(' ')} failed${stderr ? `: ${stderr}` : ''}`, { cause });
  }
}

/** The full path of a program on PATH, or undefined. */
export async function findOnPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const candidate = join(folder, program);
    const isExecutable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return candidate;
  }
  return undefined;
}
