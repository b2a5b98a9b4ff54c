import { expect, test } from 'vitest';
import type { Entry } from '../../src/analytics/entry.ts';
import { Unchecked } from '../../src/analytics/unchecked.ts';
import { Registry } from '../../src/observe/prometheus.ts';

function open() {
  const time = { mono: 0 };
  const registry = new Registry();
  const lines: Record<string, unknown>[] = [];
  const log = { warn: (_: string, fields: object = {}) => void lines.push({ ...fields }) };
  const unchecked = new Unchecked({ registry, log, monotonic: () => time.mono });
  const pass = (node: string, service: string, host = 'shop.test'): void => {
    const entry = { localAddress: '10.1.2.4:8080', service, text: () => host };
    unchecked.passed(entry as unknown as Entry, node);
  };
  return { time, lines, registry, pass };
}

test('a service that nobody protects is told once in ten minutes, with host and Envoy', () => {
  const { time, lines, pass } = open();
  pass('front-1', 'orders');
  time.mono = 599_999;
  pass('front-1', 'orders');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ node: 'front-1', address: '10.1.2.4:8080', host: 'shop.test' });
  expect(lines[0]?.['detail']).toContain('orders');
  time.mono = 600_000;
  pass('front-1', 'orders');
  expect(lines).toHaveLength(2);
});

test('each request counts, though a line a second is written at most, and no host is longer than a host may be', async () => {
  const { time, lines, registry, pass } = open();
  for (let i = 0; i < 50; i++) pass('', `service-${i}`, 'h'.repeat(5000));
  expect(lines).toHaveLength(1);
  expect(lines[0]?.['host']).toHaveLength(255);
  time.mono = 1000;
  pass('', 'service-7');
  expect(lines).toHaveLength(2);
  const text = await registry.metrics();
  expect(text).toContain('ostiary_unchecked_requests_total{destination="10.1.2.4:8080",service="service-7"} 2');
});

test('made-up names take no more series than a hundred', async () => {
  const { registry, pass } = open();
  for (let i = 0; i < 500; i++) pass(`node-${i}`, 'orders');
  const series = (await registry.metrics()).match(/^ostiary_unchecked_requests_total\{.*\} (\d+)$/gm) ?? [];
  expect(series.length).toBeLessThanOrEqual(101);
  expect(series.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(500);
});
