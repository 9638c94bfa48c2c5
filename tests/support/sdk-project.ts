import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** An empty project somewhere else, into which the packed SDK was installed. */
export interface Project {
  /** Runs a program of Node's in it. @returns what it wrote. @throws Error when it does not end with 0. */
  node(file: string, text: string, env?: NodeJS.ProcessEnv): Promise<string>;
  /** Starts one, which is to be killed. */
  start(file: string, text: string, env: NodeJS.ProcessEnv): ChildProcess;
  /** Compiles a file as strictly as can be. @throws Error with what the compiler says. */
  compile(file: string, text: string): Promise<void>;
}

/** The SDK as it is published, built and packed. */
export async function packSdk(): Promise<{
  project(type: 'module' | 'commonjs', name: string): Promise<Project>;
  remove(): void;
}> {
  const directory = mkdtempSync(join(tmpdir(), 'pmh-sdk-'));
  const sdk = join(ROOT, 'packages/sdk');
  const { stdout } = await npm(sdk, ['pack', '--json', '--silent', '--pack-destination', directory]);
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  return {
    project: (type, name) => install(join(directory, name), type, join(directory, filename)),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

async function install(cwd: string, type: string, tarball: string): Promise<Project> {
  mkdirSync(cwd);
  const write = (file: string, text: string) => writeFileSync(join(cwd, file), text);
  write('package.json', JSON.stringify({ name: 'empty', private: true, type }));
  await npm(cwd, ['install', '--offline', '--no-audit', '--no-fund', tarball]);
  return {
    async node(file, text, env = {}) {
      write(file, text);
      return (await run(process.execPath, [file], { cwd, env: { PATH: process.env.PATH, ...env }, timeout: 25_000 }))
        .stdout;
    },
    start(file, text, env) {
      write(file, text);
      return spawn(process.execPath, [file], { cwd, env: { PATH: process.env.PATH, ...env }, stdio: 'inherit' });
    },
    async compile(file, text) {
      write(file, text);
      const compilerOptions = {
        ...{ module: 'nodenext', target: 'es2022', strict: true, noEmit: true, exactOptionalPropertyTypes: true },
        ...{ types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] },
      };
      write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
      await run(process.execPath, [TSC, '-p', '.'], { cwd }).catch((error: { stdout: string }) => {
        throw new Error(error.stdout);
      });
    },
  };
}

/** npm says by which file it was started, where it was; else it is found by its name. */
function npm(cwd: string, args: readonly string[]) {
  const cli = process.env.npm_execpath;
  return cli ? run(process.execPath, [cli, ...args], { cwd }) : run('npm', [...args], { cwd });
}
