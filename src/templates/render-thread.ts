import { parentPort } from 'node:worker_threads';
import { AppError } from '../errors.js';
import { compile } from './compile.js';
import { missing } from './missing.js';
import type { Measured, ThreadAnswer, ThreadJob } from './preview.js';
import { RenderError, render } from './render.js';
import type { Compiled } from './source.js';

// Runs in a thread of its own, which `preview.ts` ends when it takes too long.
parentPort?.on('message', (job: ThreadJob) => parentPort?.postMessage(answer(job)));
parentPort?.postMessage('ready');

function answer(job: ThreadJob): ThreadAnswer {
  try {
    const compiled = compile(job.source, job.variables);
    if ('samples' in job) return measure(compiled, job.samples);
    return { rendered: render(compiled, job.values), missing: missing(compiled, job.values) };
  } catch (error) {
    if (error instanceof RenderError) return { problems: [{ path: error.path, message: error.reason }] };
    if (error instanceof AppError && error.details.errors) return { problems: error.details.errors };
    throw error;
  }
}

function measure(compiled: Compiled, samples: Record<string, unknown>[]): Measured {
  const failures: Measured['failures'] = [];
  const renderMs = (values: Record<string, unknown>, sample?: number) => {
    const startedAt = performance.now();
    try {
      render(compiled, values);
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      if (sample !== undefined) failures.push({ sample, path: error.path, reason: error.reason });
    }
    return performance.now() - startedAt;
  };
  // Each twice, of which the faster counts: the first is cold, and another process may take the time of either.
  const times = samples.map((values, sample) => Math.min(renderMs(values, sample), renderMs(values)));
  const medianMs = times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
  return { medianMs, failures };
}
