import { defineConfig } from 'vitest/config';

/** Most of their time they wait: for a minute after which a request counts as lost, for istiod, for a server to be back. */
const waiting = [
  'chart/alerts',
  'chart/chart',
  'chart/control',
  'chart/dashboards',
  'chart/kubernetes',
  'chart/taking-over',
  'control/elected-planes',
  'control/kubernetes-token',
  'crd/apiserver',
  'crd/apiserver-any',
  'docs/move',
  'doctor/cluster',
  'e2e/alerts',
  'e2e/control-cut-off',
  'e2e/control-failover',
  'e2e/control-secrets',
  'e2e/control-snapshot',
  'e2e/dashboards',
  'e2e/demo-traffic',
  'e2e/hung-files',
  'e2e/keycloak',
  'e2e/kills',
  'e2e/mesh-analytics',
  'e2e/probe-workers',
  'e2e/secrets-nowhere-postgres',
  'e2e/shared-alerts',
  'e2e/shared-log',
  'e2e/sink-faults',
  'e2e/spool-faults',
  'e2e/unreported',
  'e2e/up-alerts',
  'e2e/up-kills',
  'generate/enforcement',
  'image/image',
  'istio/gateway',
  'istio/mesh-tls',
  'istio/sidecar',
  'istio/waypoint',
  'kubernetes/cluster',
  'kubernetes/faults',
  'kubernetes-control/competing',
  'kubernetes-control/controller',
  'quota/troubled-server',
  'quota/versions',
  'serve/clock-set',
  'serve/killed',
  'serve/killed-replica',
  'serve/replica-sharing',
].map((name) => `test/${name}.slow.test.ts`);

/** Each starts several processes, and more at once would be late to be ready. */
const MOST_AT_ONCE = 4;

/** Each has a browser and a control plane of its own. */
const ofPages = ['test/console/**/*.slow.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 600_000,
    hookTimeout: 300_000,
    projects: [
      {
        extends: true,
        // One at a time: these drive real servers hard and watch the clock.
        test: {
          name: 'hard',
          include: ['test/**/*.slow.test.ts'],
          exclude: [...waiting, ...ofPages, 'node_modules/**'],
          maxWorkers: 1,
          maxConcurrency: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'waiting', include: waiting, maxWorkers: MOST_AT_ONCE, sequence: { groupOrder: 2 } },
      },
      {
        extends: true,
        test: { name: 'pages', include: ofPages, maxWorkers: 2, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
