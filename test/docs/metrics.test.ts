import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createAlertMetrics, createElectedMetric } from '../../src/alerts/alert-metrics.ts';
import { createCompletenessMetrics } from '../../src/analytics/completeness-metrics.ts';
import { createEntryMetrics } from '../../src/analytics/entry-metrics.ts';
import { Unchecked } from '../../src/analytics/unchecked.ts';
import { createRequestFamilies } from '../../src/analytics/request-families.ts';
import { sampleFailures } from '../../src/analytics/sample-metrics.ts';
import { systemClock } from '../../src/clock.ts';
import { auditObserver } from '../../src/control/audit-metrics.ts';
import { hubMetrics } from '../../src/control/hub-metrics.ts';
import { meshMetrics } from '../../src/control/mesh-metrics.ts';
import { createHistoryMetrics } from '../../src/history/history-metrics.ts';
import { createNotifyMetrics } from '../../src/notify/notify-metrics.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { allReasons } from '../../src/policies/index.ts';
import { gapCounter } from '../../src/serve/inheritance.ts';
import { createControlMetrics } from '../../src/serve/control-metrics.ts';
import { createReportMetrics } from '../../src/serve/report-metrics.ts';
import { watchForLog } from '../../src/serve/missing-log.ts';
import { createTraceMetrics } from '../../src/tracing/trace-metrics.ts';
import { createSinkMetrics } from '../../src/sinks/sink-metrics.ts';
import { stoppedClock } from '../observe/decisions.ts';

const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

test('docs/metrics.md lists every metric with its type and labels, and no other', async () => {
  expect(documented()).toEqual(await registered());
});

test('docs/metrics.md explains every reason, and no other', () => {
  const section = page.slice(page.indexOf('## Reasons'), page.indexOf('## Documents'));
  const explained = [...section.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, reason, meaning]) => [
    reason,
    meaning,
  ]);
  expect(explained).toEqual(Object.entries(allReasons).map(([reason, { meaning }]) => [reason, meaning]));
});

test('every query and alert asks for metrics that exist', async () => {
  const known = Object.keys(await registered());
  const code = page.slice(page.indexOf('## Questions'));
  const asked = [...new Set(code.match(/\bostiary_\w+/g))].map((name) => name.replace(/_bucket$/, ''));
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((name) => !known.includes(name))).toEqual([]);
});

test('names follow the rules of Prometheus', async () => {
  for (const [name, { type }] of Object.entries(await registered())) {
    expect(name).toMatch(/^ostiary_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/);
  }
});

interface Described {
  readonly type: string;
  readonly labels: string[];
}

function documented(): Record<string, Described> {
  const rows = page.matchAll(/^\| `(ostiary_\w+)` +\| (\w+) +\| ([^|]*)\|/gm);
  return sorted([...rows].map(([, name = '', type = '', labels = '']) => [name, { type, labels: names(labels) }]));
}

async function registered(): Promise<Record<string, Described>> {
  const metrics = createMetrics({ clock: stoppedClock(), version: '0.0.0' });
  metrics.instrumentStore({
    take: () => ({ granted: true, windows: [] }),
    peek: () => ({ granted: true, windows: [] }),
    reset: () => 0,
    health: () => ({ kind: 'memory', available: true, detail: '' }),
    close: () => Promise.resolve(),
  });
  // Made at the first stream.
  createEntryMetrics(metrics.registry);
  void new Unchecked({ registry: metrics.registry, log: { warn() {} }, monotonic: () => 0 });
  // Made with the accounts of decisions.
  createCompletenessMetrics(metrics.registry, { open: () => 0, ratio: () => undefined });
  gapCounter(metrics.registry);
  // Made where a history is kept, and where Checks are traced.
  createHistoryMetrics(metrics.registry);
  sampleFailures(metrics.registry);
  // Made where history or events are kept.
  watchForLog({
    registry: metrics.registry,
    log: { warn() {} },
    timers: { after: () => () => undefined },
    decided: async () => 0,
  }).close();
  createTraceMetrics(metrics.registry);
  createNotifyMetrics(metrics.registry, { isElected: () => true, unread: () => 0 });
  // Made where documents come from a control plane.
  createControlMetrics(metrics.registry, () => 0);
  createReportMetrics(metrics.registry, () => 0);
  // Of a control plane.
  meshMetrics(metrics.registry);
  hubMetrics(metrics.registry, systemClock);
  auditObserver(metrics.registry, { error() {}, info() {} });
  // Made where documents have alerts that are evaluated.
  createAlertMetrics(metrics.registry);
  createElectedMetric(metrics.registry, () => true);
  // Made where a flag names a sink.
  createSinkMetrics(metrics.registry);
  const scraped = await metrics.registry.getMetricsAsJSON();
  const own = scraped.filter(({ name }) => name.startsWith('ostiary_'));
  const families = [...metrics.families, ...createRequestFamilies({ mostSeries: 100, seed: 0 }).all];
  return sorted([
    ...families.map(({ name, type, labels }): [string, Described] => [name, { type, labels: [...labels] }]),
    ...own.map(({ name, type }): [string, Described] => [
      name,
      { type: String(type), labels: labelsOf(metrics.registry.getSingleMetric(name) ?? {}) },
    ]),
  ]);
}

/** prom-client keeps them, its types do not tell. */
function labelsOf(metric: object): string[] {
  return 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [];
}

function names(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
}

function sorted(entries: [string, Described][]): Record<string, Described> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
