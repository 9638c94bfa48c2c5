import type { TestProject } from 'vitest/node';
import { startServices } from '../../src/embedded/services.js';
import { type Sns, startSns } from './sns-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    mongodbUri: string;
    redisUrl: string;
    sesEndpoint: string;
    sns: Sns;
  }
}

/** One MongoDB, one Redis and one local SES for the whole run: the real ones. Without them the run fails. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = await startServices({ progress: (message) => process.stderr.write(`${message}\n`) });
  project.provide('mongodbUri', services.mongodbUri);
  project.provide('redisUrl', services.redisUrl);
  project.provide('sesEndpoint', services.sesEndpoint);
  const { sns, close } = await startSns();
  project.provide('sns', sns);
  return async () => {
    close();
    await services.close();
  };
}
