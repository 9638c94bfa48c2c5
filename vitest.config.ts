import { defineConfig } from 'vitest/config';

/** Packages of many files, bundled once (below node_modules/.vite): each test file loads them anew, which took a third of its time. */
const HEAVY = [
  '@aws-sdk/client-ses',
  '@aws-sdk/client-sesv2',
  '@aws-sdk/client-sns',
  '@aws-sdk/client-sts',
  'bullmq',
  'express',
  'express-rate-limit',
  'helmet',
  'html-to-text',
  'htmlparser2',
  'ioredis',
  'jsonwebtoken',
  'liquidjs',
  'mongoose',
  'rate-limit-redis',
  'supertest',
  'zod',
];

export default defineConfig({
  // As tsconfig.json has it: the source, so that nothing needs to be built.
  resolve: { alias: { '@power-mta-hub/sdk': new URL('packages/sdk/src/index.ts', import.meta.url).pathname } },
  test: {
    globalSetup: 'tests/support/global-setup.ts',
    setupFiles: ['tests/support/environment.ts'],
    reporters: ['default', './tests/support/count-reporter.ts'],
    include: ['tests/**/*.test.ts'],
    maxWorkers: 4,
    deps: { optimizer: { ssr: { enabled: true, include: HEAVY } } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A test that cannot run is a failure, and so is a promise nobody waited for.
    passWithNoTests: false,
    allowOnly: false,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
