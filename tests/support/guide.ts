import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A block of commands in a document, and what it says that the last of them answers. */
export interface Step {
  /** The line of the document. */
  line: number;
  script: string;
  answer: unknown;
}

/** The blocks of commands of a Markdown document, each with the JSON block that follows it before the next. */
export function stepsOf(markdown: string): Step[] {
  const steps: Step[] = [];
  for (const { 1: language, 2: text = '', index } of markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    const last = steps.at(-1);
    if (language === 'sh') {
      const line = markdown.slice(0, index).split('\n').length;
      steps.push({ line, script: text, answer: undefined });
    } else if (language === 'json' && last) last.answer = JSON.parse(text);
  }
  return steps;
}

const ANY = '…';

/** What is shown and is not so, by its path. `…` in a text, as a text, or at the end of a list stands for anything. */
export function differences(shown: unknown, real: unknown, path = ''): string[] {
  if (shown === ANY) return real === undefined ? [`${path} is not there`] : [];
  if (Array.isArray(shown)) {
    if (!Array.isArray(real)) return [`${path} is no list`];
    const isOpen = shown.at(-1) === ANY;
    const items = isOpen ? shown.slice(0, -1) : shown;
    const wrongLength = !isOpen && items.length !== real.length;
    const inside = items.flatMap((item, index) => differences(item, real[index], `${path}.${index}`));
    return [...(wrongLength ? [`${path} has ${real.length}, and ${items.length} are shown`] : []), ...inside];
  }
  if (typeof shown === 'object' && shown !== null) {
    if (typeof real !== 'object' || real === null) return [`${path} is ${JSON.stringify(real)}`];
    return Object.entries(shown).flatMap(([key, value]) =>
      differences(value, (real as Record<string, unknown>)[key], `${path}.${key}`),
    );
  }
  const isSame = typeof shown === 'string' && typeof real === 'string' ? fits(shown, real) : shown === real;
  return isSame ? [] : [`${path} is ${JSON.stringify(real)}, and ${JSON.stringify(shown)} is shown`];
}

function fits(shown: string, real: string): boolean {
  const parts = shown.split(ANY).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(real);
}

/** What curl got, in the order in which it was called. */
export interface Answered {
  status: number;
  text: string;
}

/** A shell of a person's, in a directory of its own, which ends at the first command that fails. */
export interface Shell {
  /** Runs a block as it stands. @throws Error with what it wrote, when it fails. */
  run(script: string): Promise<Answered[]>;
  close(): void;
}

/** @param commands what a command of this name does instead of what the machine has, each a script for bash. */
export function openShell(home: string, env: NodeJS.ProcessEnv, commands: Readonly<Record<string, string>>): Shell {
  const [bin, answers, here] = [join(home, 'bin'), join(home, 'answers'), join(home, 'here')];
  for (const directory of [bin, answers, here]) mkdirSync(directory);
  for (const [name, body] of Object.entries({ curl: CURL, ...commands })) {
    writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const child = spawn('bash', ['--noprofile', '--norc', '-euo', 'pipefail'], {
    cwd: here,
    env: { ...env, ANSWERS: answers, REAL_PATH: env.PATH, PATH: `${bin}:${env.PATH}` },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const lines = createInterface({ input: child.stdout });
  const DONE = '--- done ---';
  let blocks = 0;
  const run = async (script: string): Promise<Answered[]> => {
    blocks += 1;
    const file = join(home, `block-${blocks}.sh`);
    writeFileSync(file, script);
    const known = new Set(readdirSync(answers));
    await new Promise<void>((resolve, reject) => {
      const ended = () => reject(new Error(`the shell ended: ${said}`));
      child.once('close', ended);
      lines.on('line', (line) => {
        if (!line.endsWith(DONE)) return;
        lines.removeAllListeners('line');
        child.off('close', ended);
        resolve();
      });
      child.stdin.write(`source ${file}; echo; echo '${DONE}'\n`);
    });
    const fresh = readdirSync(answers).filter((name) => !known.has(name) && name.endsWith('.body'));
    return fresh.sort().map((name) => ({
      status: Number(readFileSync(join(answers, name.replace('.body', '.status')), 'utf8')),
      text: readFileSync(join(answers, name), 'utf8'),
    }));
  };
  return { run, close: () => child.kill('SIGKILL') };
}

/** The machine's own, whose answers are kept beside. */
const CURL = `out="$ANSWERS/$(date +%s%N)"
touch "$out.body"
PATH="$REAL_PATH" curl "$@" -w '%{stderr}%{http_code}' 2> "$out.status" | tee "$out.body"
exit "\${PIPESTATUS[0]}"`;
