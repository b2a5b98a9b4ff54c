import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { CounterTable } from '../../src/observe/counter-table.ts';
import { expose, textOf } from '../../src/observe/exposition.ts';
import type { Family } from '../../src/observe/exposition.ts';
import { SeriesTable } from '../../src/observe/series-table.ts';
import { HistogramTable } from '../../src/observe/histogram-table.ts';
import { partOrSkip } from '../real/parts.ts';

const promtool = await partOrSkip('promtool');

const OPENMETRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

function counters(most = 1000): CounterTable<'api' | 'client' | 'outcome'> {
  return new CounterTable({
    name: 'ostiary_calls_total',
    help: 'Calls.\nAll of them, with a \\.',
    labels: ['api', 'client', 'outcome'],
    most,
    folding: ['client', 'api'],
  });
}

function durations(): HistogramTable<'api'> {
  const series = new SeriesTable({ name: '', labels: ['api'], most: 10, folding: ['api'] });
  series.rowOf(['orders']);
  return new HistogramTable({
    name: 'ostiary_call_seconds',
    help: 'How long calls took.',
    series,
    exponents: [0, 1, 4, 10],
    divisor: 1000,
  });
}

async function written(family: Family, accept?: string): Promise<string[]> {
  const text = await textOf(expose(accept, () => ({ registry: new Registry(), families: [family] })));
  return text.split('\n').filter((line) => line !== '');
}

const lines = async (family: Family): Promise<string[]> =>
  (await written(family)).filter((line) => !line.startsWith('#'));

describe('counters that write themselves', () => {
  it('have a line for each series, with what was added', async () => {
    const family = counters();
    family.add(['orders', 'shop', 'processed'], 1);
    family.add(['orders', 'shop', 'processed'], 2);
    family.add(['', '', 'blocked'], 1);
    expect(await written(family)).toEqual([
      String.raw`# HELP ostiary_calls_total Calls.\nAll of them, with a \\.`,
      '# TYPE ostiary_calls_total counter',
      'ostiary_calls_total{api="orders",client="shop",outcome="processed"} 3',
      'ostiary_calls_total{api="",client="",outcome="blocked"} 1',
    ]);
  });

  it('write any text so that it can be read', async () => {
    const family = counters();
    family.add(['a "quoted" \\ name\nof two lines', '10 kB: '.padEnd(10_000, 'x'), 'nul\0 and cr\r'], 1);
    family.add(['a "quoted" \\ name\nof two lines', '\ud800', 'nul\u0001 and cr\u0002'], 1);
    family.add(['ä€😀', '', ''], 1);
    expect(await lines(family)).toEqual([
      String.raw`ostiary_calls_total{api="a \"quoted\" \\ name\nof two lines",client="_other",outcome="nul` +
        '\ufffd and cr\ufffd"} 1',
      String.raw`ostiary_calls_total{api="a \"quoted\" \\ name\nof two lines",client="` +
        '\ufffd",outcome="nul\ufffd and cr\ufffd"} 1',
      'ostiary_calls_total{api="ä€😀",client="",outcome=""} 1',
    ]);
  });

  it('share series beyond the bound, label by label, and lose nothing', async () => {
    const texts = fc.nat(6).map((at) => `t${at}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(texts, texts, fc.constantFrom('x', 'y'))),
        fc.integer({ min: 1, max: 20 }),
        async (added, most) => {
          const family = counters(most);
          for (const values of added) family.add(values, 1);
          const all = await lines(family);
          expect(all.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(added.length);
          expect(new Set(all.map((line) => line.split(' ')[0])).size).toBe(all.length);
          // One for each outcome, which is never given up.
          expect(all.length).toBeLessThanOrEqual(most + 2);
          for (const outcome of ['x', 'y']) {
            const of = all.filter((line) => line.includes(`outcome="${outcome}"`));
            expect(of.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(
              added.filter((values) => values[2] === outcome).length,
            );
          }
        },
      ),
    );
  });
});

describe('histograms that write themselves', () => {
  it('count exactly at their bounds', async () => {
    const values = fc.array(
      fc.oneof(fc.double({ min: 0, max: 3000, noNaN: true }), fc.constantFrom(1, 2, 16, 1024, 1e12)),
      { minLength: 1 },
    );
    await fc.assert(
      fc.asyncProperty(values, async (observed) => {
        const family = durations();
        for (const value of observed) family.observe(0, value, '', 0);
        const upTo = (bound: number): number => observed.filter((value) => value <= bound).length;
        const [sum, ...others] = (await lines(family)).toSorted(
          (a, b) => Number(b.includes('_sum')) - Number(a.includes('_sum')),
        );
        expect(others).toEqual([
          `ostiary_call_seconds_bucket{api="orders",le="0.001"} ${upTo(1)}`,
          `ostiary_call_seconds_bucket{api="orders",le="0.002"} ${upTo(2)}`,
          `ostiary_call_seconds_bucket{api="orders",le="0.016"} ${upTo(16)}`,
          `ostiary_call_seconds_bucket{api="orders",le="1.024"} ${upTo(1024)}`,
          `ostiary_call_seconds_bucket{api="orders",le="+Inf"} ${observed.length}`,
          `ostiary_call_seconds_count{api="orders"} ${observed.length}`,
        ]);
        expect(Number(sum?.split(' ').at(-1))).toBeCloseTo(observed.reduce((all, value) => all + value, 0) / 1000, 6);
      }),
    );
  });

  it('have the trace of the last value of each bucket, in OpenMetrics alone', async () => {
    const family = durations();
    family.observe(0, 1.5, 'a'.repeat(32), 1_790_000_000_000);
    family.observe(0, 1.75, 'b'.repeat(32), 1_790_000_000_500);
    family.observe(0, 1.9, '', 1_790_000_001_000);
    family.observe(0, 5000, 'c'.repeat(32), 1_790_000_002_000);
    expect((await written(family)).filter((line) => line.includes('trace_id'))).toEqual([]);
    const open = await written(family, OPENMETRICS);
    expect(open.filter((line) => line.includes('trace_id'))).toEqual([
      `ostiary_call_seconds_bucket{api="orders",le="0.002"} 3 # {trace_id="${'b'.repeat(32)}"} 0.00175 1790000000.5`,
      `ostiary_call_seconds_bucket{api="orders",le="+Inf"} 4 # {trace_id="${'c'.repeat(32)}"} 5 1790000002`,
    ]);
    expect(open.at(-1)).toBe('# EOF');
  });
});

describe('a scrape', () => {
  function registry(): Registry {
    const registers = [new Registry()];
    new Counter({ name: 'one_total', help: 'One.', labelNames: ['why'], registers }).inc({ why: 'a "b"' });
    new Gauge({ name: 'two', help: 'Two.', registers }).set(2);
    new Histogram({ name: 'three_seconds', help: 'Three.', registers }).observe(0.2);
    return registers[0] as Registry;
  }

  it.each([
    [undefined, 'text/plain'],
    ['*/*', 'text/plain'],
    ['text/plain', 'text/plain'],
    ['application/openmetrics-text', 'application/openmetrics-text'],
    [OPENMETRICS, 'application/openmetrics-text'],
    ['application/openmetrics-text;version=0.0.1;q=0.5,text/plain;q=0.6', 'text/plain'],
    ['application/openmetrics-text;q=0', 'text/plain'],
    ['application/openmetrics-text;version=9.0.0,*/*', 'text/plain'],
    ['application/openmetrics-textual', 'text/plain'],
  ])('that accepts %s gets %s', (accept, type) => {
    const { contentType } = expose(accept, () => ({ registry: registry(), families: [] }));
    expect(contentType.split(';')[0]).toBe(type);
  });

  it("has prom-client's metrics as it writes them, and as OpenMetrics names them", async () => {
    const plain = await textOf(expose(undefined, () => ({ registry: registry(), families: [] })));
    expect(plain).toBe((await registry().metrics()).replaceAll('\n\n', '\n'));
    const open = await textOf(expose(OPENMETRICS, () => ({ registry: registry(), families: [] })));
    expect(open).toMatch(/^# HELP one One\.\n# TYPE one counter\none_total\{why="a \\"b\\""\} 1\n# HELP two/);
    expect(open).toMatch(/\n# EOF\n$/);
  });

  it('lets the event loop go on, and leaves out what comes meanwhile', async () => {
    const family = counters(100_000);
    for (let at = 0; at < 20_000; at++) family.add(['orders', `client-${at}`, 'processed'], 1);
    let turns = 0;
    const turn = setInterval(() => (turns += 1), 0);
    let pieces = 0;
    let count = 0;
    for await (const piece of expose(undefined, () => ({ registry: new Registry(), families: [family] })).chunks) {
      pieces += 1;
      count += piece.split('\n').length - 1;
      family.add(['orders', `late-${pieces}`, 'processed'], 1);
    }
    clearInterval(turn);
    expect(count).toBe(20_002);
    expect(pieces).toBeGreaterThanOrEqual(10);
    expect(turns).toBeGreaterThan(2);
  });

  it.skipIf(promtool === undefined)('passes promtool', async () => {
    const family = counters();
    family.add(['a "quoted" \\ name\nof two lines', 'nul\0', '10 kB: '.padEnd(10_000, 'x')], 1);
    const histogram = durations();
    histogram.observe(0, 5, '', 0);
    const input = await textOf(expose(undefined, () => ({ registry: registry(), families: [family, histogram] })));
    const { status, stderr } = spawnSync(promtool ?? '', ['check', 'metrics'], { input, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
