import { defineConfig } from 'vitest/config';

/** They start nothing, listen nowhere and replace no module: one worker runs many of their files. */
const pure = ['policies', 'policy', 'request', 'decision', 'snapshot', 'document'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);
const never = ['test/**/*.slow.test.ts', 'node_modules/**'];

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 120_000,
    // Two cores: more workers only make real servers slower to answer.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'pure', include: pure, exclude: never, isolate: false } },
      { extends: true, test: { name: 'others', include: ['test/**/*.test.ts'], exclude: [...pure, ...never] } },
    ],
  },
});
