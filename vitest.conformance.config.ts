// Foreign clients against a running node: one file after the other, since each has the machine's cores for itself.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/conformance/**/*.test.ts', 'test/tutorials/c.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default'],
    passWithNoTests: true,
  },
});
