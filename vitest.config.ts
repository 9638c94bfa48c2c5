import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As tsconfig.json has it: the source, so that nothing needs to be built.
  resolve: { alias: { '@power-mta-hub/sdk': new URL('packages/sdk/src/index.ts', import.meta.url).pathname } },
  test: {
    globalSetup: 'tests/support/global-setup.ts',
    setupFiles: ['tests/support/environment.ts'],
    reporters: ['default', './tests/support/count-reporter.ts'],
    include: ['tests/**/*.test.ts'],
    maxWorkers: 4,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A test that cannot run is a failure, and so is a promise nobody waited for.
    passWithNoTests: false,
    allowOnly: false,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
