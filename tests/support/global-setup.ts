import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startServices } from '../../src/embedded/services.js';
import { memoryDirectory } from './memory-directory.js';
import { type Sns, startSns } from './sns-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    mongodbUri: string;
    redisUrl: string;
    sesEndpoint: string;
    sns: Sns;
    /** The directory of the run's logs, and of the secrets it used. */
    evidence: string;
  }
}

/** One MongoDB, one Redis and one local SES for the whole run: the real ones. Without them the run fails. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const memory = memoryDirectory();
  const services = await startServices({
    ...(memory ? { mongo: { dataDirectory: join(memory.directory, 'data') } } : {}),
    progress: (message) => process.stderr.write(`${message}\n`),
  });
  memory?.guard.watch(services.mongo?.pid);
  project.provide('mongodbUri', services.mongodbUri);
  project.provide('redisUrl', services.redisUrl);
  project.provide('sesEndpoint', services.sesEndpoint);
  const evidence = mkdtempSync(join(tmpdir(), 'pmh-evidence-'));
  project.provide('evidence', evidence);
  // For the reporter, which lives in this very process.
  process.env.TEST_EVIDENCE = evidence;
  const { sns, close } = await startSns();
  project.provide('sns', sns);
  return async () => {
    close();
    await services.close();
    memory?.guard.watch(undefined);
    await memory?.guard.close();
    rmSync(evidence, { recursive: true });
  };
}
