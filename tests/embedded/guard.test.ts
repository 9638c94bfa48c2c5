import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { until } from '../support/until.js';

const MODULE = resolve(import.meta.dirname, '../../src/embedded/guard.ts');

it('a guarded directory is gone with a process that fails right after it was made', async () => {
  const program = `
    import { existsSync, writeSync } from 'node:fs';
    import { makeGuardedDirectory } from ${JSON.stringify(MODULE)};
    const { directory } = makeGuardedDirectory('test');
    writeSync(1, existsSync(directory) ? directory : 'none');
    process.exit(1);
  `;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const directory = await text(child.stdout);
  expect(directory).toMatch(/pmh-test-\w+$/);
  await until(() => !existsSync(directory));
});
