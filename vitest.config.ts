// Tests run in worker threads: a fork per file costs more than most of our files take.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What takes a minute and longer runs with the conformance tests.
    exclude: ['test/conformance/**', 'test/tutorials/c.test.ts', '**/node_modules/**', '**/fixtures/**'],
    pool: 'threads',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default'],
    passWithNoTests: true,
  },
});
