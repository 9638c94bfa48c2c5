import { parentPort } from 'node:worker_threads';
import { AppError } from '../errors.js';
import { compile } from './compile.js';
import { missing } from './missing.js';
import type { PreviewAnswer, PreviewJob } from './preview.js';
import { RenderError, render } from './render.js';

// Runs in a thread of its own, which `preview.ts` ends when it takes too long.
parentPort?.on('message', (job: PreviewJob) => parentPort?.postMessage(answer(job)));
parentPort?.postMessage('ready');

function answer({ source, variables, values }: PreviewJob): PreviewAnswer {
  try {
    const compiled = compile(source, variables);
    return { rendered: render(compiled, values), missing: missing(compiled, values) };
  } catch (error) {
    if (error instanceof RenderError) return { problems: [{ path: error.path, message: error.reason }] };
    if (error instanceof AppError && error.details.errors) return { problems: error.details.errors };
    throw error;
  }
}
