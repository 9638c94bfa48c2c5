import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { invalid, type Problem, unavailable } from '../errors.js';
import type { Missing } from './missing.js';
import type { Rendered, TemplateSource, TemplateVariable } from './source.js';

/** The hard bound of one job. LiquidJS's own limits are checked between tags only. */
const LIMIT_MS = 1_000;
const START_MS = 10_000;
const MAX_THREADS = 2;
const MAX_WAITING = 20;
const MAX_HEAP_MB = 128;

interface Job {
  source: TemplateSource;
  variables: readonly TemplateVariable[];
}

export interface PreviewJob extends Job {
  values: Record<string, unknown>;
}

export interface MeasureJob extends Job {
  /** The values of some messages. */
  samples: Record<string, unknown>[];
}

interface Previewed {
  rendered: Rendered;
  missing: Missing;
}

/** What rendering takes, and which of the samples cannot be rendered. */
export interface Measured {
  medianMs: number;
  failures: { sample: number; path: string; reason: string }[];
}

export type ThreadJob = PreviewJob | MeasureJob;
export type ThreadAnswer = Previewed | Measured | { problems: Problem[] };

const idle = new Set<Worker>();
const waiting: (() => void)[] = [];
let busy = 0;

/**
 * Renders a template in a thread that is ended after a second, so that none can hold up the API. Two at a time; threads
 * are started when first needed and reused, and keep no process alive.
 * @throws AppError `validation_failed` when it does not parse, fails, takes too long or needs too much memory;
 * `unavailable` when too many wait.
 */
export async function preview(job: PreviewJob): Promise<Previewed> {
  return inTurn(job) as Promise<Previewed>;
}

/**
 * Renders some messages in such a thread and measures it.
 * @throws AppError as `preview`, but for samples that cannot be rendered: those are in the answer.
 */
export async function measure(job: MeasureJob): Promise<Measured> {
  return inTurn(job) as Promise<Measured>;
}

async function inTurn(job: ThreadJob): Promise<Previewed | Measured> {
  if (waiting.length >= MAX_WAITING) throw unavailable('Too many previews are being rendered; try again');
  while (busy >= MAX_THREADS) await new Promise<void>((resolve) => waiting.push(resolve));
  busy += 1;
  try {
    const answer = await runInThread(job);
    if ('problems' in answer) throw invalid(answer.problems);
    return answer;
  } finally {
    busy -= 1;
    waiting.shift()?.();
  }
}

async function runInThread(job: ThreadJob): Promise<ThreadAnswer> {
  const [known] = idle;
  const thread = known ?? (await startThread());
  idle.delete(thread);
  thread.ref();
  try {
    thread.postMessage(job);
    const [answer] = (await once(thread, 'message', { signal: AbortSignal.timeout(LIMIT_MS) })) as [ThreadAnswer];
    idle.add(thread);
    thread.unref();
    return answer;
  } catch (error) {
    await thread.terminate();
    if (error instanceof Error && error.name === 'AbortError') return tooMuch('takes too long to render');
    if (isOutOfMemory(error)) return tooMuch('grows too large');
    throw error;
  }
}

function tooMuch(message: string): ThreadAnswer {
  return { problems: [{ path: 'content', message }] };
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

async function startThread(): Promise<Worker> {
  // A template's thread knows none of the hub's secrets.
  const thread = newThread({ env: {}, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
  // Without a listener an error between two jobs would end the process.
  thread.on('error', () => idle.delete(thread));
  thread.on('exit', () => idle.delete(thread));
  await once(thread, 'message', { signal: AbortSignal.timeout(START_MS) });
  return thread;
}

/** Built, the thread is plain JavaScript; from source it is loaded by tsx, which a thread does not inherit. */
function newThread(options: WorkerOptions): Worker {
  const extension = extname(fileURLToPath(import.meta.url));
  const program = new URL(`./render-thread${extension}`, import.meta.url);
  if (extension === '.js') return new Worker(program, options);
  const tsx = import.meta.resolve('tsx/esm/api');
  const load = `import('${tsx}').then(({ tsImport }) => tsImport('${program}', '${program}'))`;
  return new Worker(load, { ...options, eval: true });
}
