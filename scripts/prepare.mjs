// Runs before the commands a newcomer types, with Node's own modules only: installs what the lockfile names when it is
// not there, and builds `dist` when a source is newer.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Power MTA Hub needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

if (changedAt('node_modules/.package-lock.json') < changedAt('package-lock.json')) {
  npm('Installing packages (once) ...', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
if (process.argv.includes('--build') && changedAt('dist/server.js') < newestIn('src')) {
  npm('Building ...', ['run', '--silent', 'build']);
}

function npm(message, args) {
  console.error(message);
  // npm says by which file it was started; `shell` finds it by name where it does not.
  const cli = process.env.npm_execpath;
  const [command, first] = cli ? [process.execPath, [cli]] : ['npm', []];
  const { status } = spawnSync(command, [...first, ...args], { cwd: root, stdio: ['ignore', 2, 2], shell: !cli });
  if (status !== 0) process.exit(status ?? 1);
}

/** Milliseconds, or 0 where there is no such file. */
function changedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newestIn(folder) {
  const files = readdirSync(join(root, folder), { recursive: true });
  return Math.max(...files.map((file) => changedAt(join(folder, file))), changedAt('tsconfig.build.json'));
}
