import { defineConfig } from 'vitest/config';
import { textFiles } from './scripts/build/text-files.ts';

// `npm run test:bundle`: the processes of the tests load the MCP SDK as the bundle has it.
if (process.env.TEST_BUNDLE) {
  const hooks = new URL('test/helpers/patched-dependencies.ts', import.meta.url);
  process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS, `--import=${hooks}`].filter(Boolean).join(' ');
}

/** One project: every suite runs against real processes, so files run side by side but few at a time. */
export default defineConfig({
  plugins: [textFiles()],
  test: {
    globalSetup: ['./test/helpers/build-fixture.ts'],
    include: ['test/**/*.test.ts'],
    // Limits for something that hangs: tests wait for events, and a slow machine must pass. No test sets its own, unless it needs more.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 300_000 } },
    maxWorkers: 2,
    reporters: ['default', './test/helpers/totals-reporter.ts'],
  },
});
