import { defineConfig } from 'vitest/config';

/** One project: every suite runs against real processes, so files run side by side but few at a time. */
export default defineConfig({
  test: {
    globalSetup: ['./test/helpers/build-fixture.ts'],
    include: ['test/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ['default', './test/helpers/totals-reporter.ts'],
  },
});
