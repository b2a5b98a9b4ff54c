import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.slow.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    // One at a time: these drive real servers hard and watch the clock.
    fileParallelism: false,
  },
});
