import { defineConfig } from 'vitest/config';

/** They start nothing, listen nowhere and replace no module: one worker runs many of their files. */
const pure = ['policies', 'policy', 'request', 'decision', 'snapshot', 'document'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);
/** Most of their time they wait: for a time-out, for a server to be back, for a window to end. */
const waiting = [
  'cli/failed-start',
  'database/postgres-election',
  'docs/tasks',
  'e2e/access-log',
  'e2e/key-sets-at-start',
  'e2e/process',
  'e2e/refresh-keys',
  'e2e/samples',
  'e2e/secrets',
  'e2e/spike-control',
  'e2e/tracing',
  'egress/documents',
  'history/killed',
  'http2/streams-gone',
  'observe/real-prometheus',
  'quota/leased',
  'quota/local',
  'quota/proxies',
  'quota/refusals',
  'quota/renewed-secrets',
  'quota/troubled-server',
  'registry/killed',
  'serve/control',
  'serve/history',
  'serve/pool',
  'serve/replica-sharing',
  'serve/store-log',
  'sinks/hostile-receivers',
  'tracing/real-collector',
].map((name) => `test/${name}.test.ts`);
const never = ['test/**/*.slow.test.ts', 'node_modules/**'];

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'waiting',
          include: waiting,
          exclude: never,
          maxWorkers: 3,
          maxConcurrency: 3,
          // Beside each other they are late now and then.
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      // Two cores: more workers only make real servers slower to answer.
      {
        extends: true,
        test: {
          name: 'pure',
          include: pure,
          exclude: never,
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'others',
          include: ['test/**/*.test.ts'],
          exclude: [...waiting, ...pure, ...never],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
