import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
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

test.skipIf(promtool === undefined)('promtool finds nothing to say about our metrics', async () => {
  const metrics = createMetrics({ clock: stoppedClock(), version: '0.0.0' });
  metrics.checks.decided(decision(), 1);
  metrics.observeTransport('grpc');
  metrics.tls.served('grpc', 0);
  metrics.instrumentStore(new MemoryCounterStore(stoppedClock()));
  const input = (await metrics.text()).replaceAll(/^.*\b(?:nodejs|process)_.*\n/gm, '');
  const { status, stdout, stderr } = spawnSync(promtool ?? '', ['check', 'metrics'], { input, encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
