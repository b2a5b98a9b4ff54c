import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CounterTable } from '../../src/observe/counter-table.ts';
import { expose } from '../../src/observe/exposition.ts';
import { HistogramTable } from '../../src/observe/histogram-table.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import { SeriesTable } from '../../src/observe/series-table.ts';
import { openAdmin } from '../../src/serve/admin.ts';
import type { AdminListener } from '../../src/serve/admin.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPrometheus } from '../real/prometheus.ts';
import type { RealPrometheus } from '../real/prometheus.ts';

const part = await partOrSkip('prometheus');

const HOSTILE = [
  'plain',
  'a "quoted" name',
  'two\nlines',
  String.raw`back\slash\n`,
  'trailing\\',
  '{a="b"} 7',
  '# EOF',
  'ä€😀',
  'x'.repeat(512),
  ' ',
];
const NOW = Date.now();

/** A thousand series whose names are hostile in every pair, and histograms with exemplars. */
function families() {
  const calls = new CounterTable({
    name: 'ostiary_calls_total',
    help: 'Calls "of" all,\nand \\ more.',
    labels: ['client', 'source', 'outcome'],
    most: 10_000,
    folding: ['client'],
  });
  let count = 0;
  for (const client of HOSTILE) {
    for (const source of HOSTILE) {
      for (let outcome = 0; outcome < 10; outcome++) calls.add([client, source, `o${outcome}`], (count += 0.5));
    }
  }
  const series = new SeriesTable({ name: '', labels: ['api'], most: 100, folding: ['api'] });
  const durations = new HistogramTable({
    name: 'ostiary_call_duration_seconds',
    help: 'How long.',
    series,
    exponents: [0, 2, 4, 6],
    divisor: 1000,
  });
  for (const api of HOSTILE) {
    const row = series.rowOf([api]);
    for (let ms = 1; ms <= 100; ms++) durations.observe(row, ms, ms % 3 === 0 ? 'f'.repeat(32) : '', NOW);
  }
  return [calls, durations];
}

describe.skipIf(part === undefined).each([
  ['OpenMetrics, which it prefers', (accept: string | undefined) => accept],
  ['plain text', () => 'text/plain'],
])('a real Prometheus that gets %s', (_name, accepted) => {
  let admin: AdminListener;
  let prometheus: RealPrometheus;
  const asked: (string | undefined)[] = [];

  beforeAll(async () => {
    const scraped = { registry: new Registry(), families: families() };
    admin = await openAdmin({
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      state: () => 'ready',
      details: () => ({}),
      metrics: {
        expose(accept) {
          const exposition = expose(accepted(accept), () => scraped);
          asked.push(exposition.contentType.split(';')[0]);
          return exposition;
        },
      },
      maxConnections: 16,
      version: {},
    });
    prometheus = await startPrometheus([`127.0.0.1:${(admin.address as { port: number }).port}`]);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await admin?.close(0);
  });

  it('has every series as it was counted', async () => {
    await expect.poll(() => prometheus.query('up == 1'), { timeout: 20_000 }).toHaveLength(1);
    expect(new Set(asked).size).toBe(1);
    const samples = await prometheus.query('ostiary_calls_total');
    const seen = samples.map(({ labels, value }) => [labels['client'], labels['source'], labels['outcome'], value]);
    let count = 0;
    const expected = HOSTILE.flatMap((client) =>
      HOSTILE.flatMap((source) => Array.from({ length: 10 }, (_, at) => [client, source, `o${at}`, (count += 0.5)])),
    );
    const sorted = (rows: unknown[][]): string[] => rows.map((row) => JSON.stringify(row)).toSorted();
    expect(sorted(seen)).toEqual(sorted(expected));
  });

  it('has the histograms, and makes the same of them', async () => {
    await expect.poll(() => prometheus.query('up == 1'), { timeout: 20_000 }).toHaveLength(1);
    const buckets = await prometheus.query('ostiary_call_duration_seconds_bucket{api="plain"}');
    expect(Object.fromEntries(buckets.map(({ labels, value }) => [labels['le'], value]))).toEqual({
      '0.001': 1,
      '0.004': 4,
      '0.016': 16,
      '0.064': 64,
      '+Inf': 100,
    });
    const sums = await prometheus.query('ostiary_call_duration_seconds_sum');
    expect(sums.map(({ value }) => value)).toEqual(HOSTILE.map(() => 5.05));
    const [half] = await prometheus.query(
      'histogram_quantile(0.5, sum by (le) (ostiary_call_duration_seconds_bucket))',
    );
    expect(half?.value).toBeGreaterThan(0.032);
    expect(half?.value).toBeLessThan(0.064);
  });
});
