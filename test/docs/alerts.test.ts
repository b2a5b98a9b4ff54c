import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import { textOf } from '../../src/observe/exposition.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { decision, stoppedClock } from '../observe/decisions.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { fencedBlocks, readPage } from './pages.ts';

const promtool = await partOrSkip('promtool');

test.skipIf(promtool === undefined)('promtool accepts the alerts of docs/metrics.md', async () => {
  const rules = fencedBlocks(await readPage('docs/metrics.md'), 'yaml').find((block) => block.startsWith('groups:'));
  const file = join(scratchFolder('alerts'), 'rules.yaml');
  writeFileSync(file, rules ?? '');
  const { status, stdout, stderr } = spawnSync(promtool ?? '', ['check', 'rules', file], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
});

test('docs/metrics.md and the chart have the same alerts', async () => {
  const page = await readPage('docs/metrics.md');
  const chart = readFileSync(join(import.meta.dirname, '../../charts/ostiary/files/alerts.yaml'), 'utf8');
  const alerts = (text: string) =>
    [...text.matchAll(/- alert: (\w+)\n +expr: (.*)\n(?: +for: (\w+)\n)? +labels: \{ ?severity: (\w+)/g)].map((alert) =>
      // 40 % of the 250 ms that Envoy waits unless told.
      alert.slice(1).map((part) => part?.replace(/\{\{ divf \(mulf .* 0\.4\) 1000 \}\}/, '0.1')),
    );
  expect(alerts(chart).length).toBeGreaterThan(10);
  expect(alerts(page)).toEqual(alerts(chart));
});

test.skipIf(promtool === undefined)('promtool finds nothing to say about our metrics', async () => {
  const metrics = createMetrics({ clock: stoppedClock(), version: '0.0.0' });
  metrics.checks.decided(decision(), 1);
  metrics.observeTransport('grpc');
  metrics.tls.served('grpc', 0);
  metrics.instrumentStore(new MemoryCounterStore(stoppedClock()));
  const input = (await textOf(metrics.expose(undefined))).replaceAll(/^.*\b(?:nodejs|process)_.*\n/gm, '');
  const { status, stdout, stderr } = spawnSync(promtool ?? '', ['check', 'metrics'], { input, encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
