import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock, systemTimers } from '../../src/clock.ts';
import type { Timers } from '../../src/clock.ts';
import { systemResolve } from '../../src/egress/lookup.ts';
import { egressTransport } from '../../src/egress/transport.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import type { EndedCheck } from '../../src/tracing/check-trace.ts';
import { collector } from '../../src/tracing/collector.ts';
import { MOST_WAITING, TraceExport } from '../../src/tracing/trace-export.ts';
import { createTraceMetrics } from '../../src/tracing/trace-metrics.ts';
import { endedCheck } from './ended-check.ts';
import { startOtlpReceiver } from './otlp-receiver.ts';
import type { OtlpReceiver } from './otlp-receiver.ts';

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver.close());

/** All delays pass at once. */
const hasty: Timers = {
  after(_, callback) {
    const timer = setImmediate(callback);
    return () => clearImmediate(timer);
  },
};

const check = (): EndedCheck => endedCheck({ steps: [], calls: [] });

function open(url = `http://127.0.0.1:${receiver.port}/v1/traces`, timers = hasty) {
  const metrics = createTraceMetrics(new Registry());
  const anywhere = { problemOf: () => undefined, problemOfAddress: () => undefined };
  const transport = egressTransport({ variables: {}, rules: anywhere, resolve: systemResolve(), timers: systemTimers });
  const told: string[] = [];
  const exporting = new TraceExport({
    deliver: collector({ transport, url, headers: { authorization: 'Bearer for-the-collector' } }),
    clock: systemClock,
    timers,
    random: () => 0.5,
    metrics,
    resource: [{ key: 'service.name', value: { stringValue: 'ostiary' } }],
    version: '1.2.3',
    spans: { wallMs: (ms) => 1_700_000_000_000 + ms, randomHex: (bytes) => 'ab'.repeat(bytes), store: 'memory' },
    tell: (level, message) => told.push(`${level}: ${message}`),
  });
  const counts = () => ({
    kept: metrics.checks.kept.value,
    queue_full: metrics.checks.queue_full.value,
    exported: metrics.spans.exported.value,
    refused: metrics.spans.refused.value,
    lost: metrics.spans.lost.value,
  });
  return { exporting, counts, told };
}

test('spans are sent compressed, as JSON, with the headers for the collector', async () => {
  const { exporting, counts, told } = open();
  for (let i = 0; i < 600; i++) exporting.take(check());
  await vi.waitFor(() => expect(counts()).toMatchObject({ kept: 600, exported: 600 }));
  expect(receiver.spans().length).toBe(600);
  expect(receiver.messages.length).toBe(3);
  expect(receiver.messages[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    authorization: 'Bearer for-the-collector',
  });
  expect(receiver.spans()[0]).toMatchObject({
    startTimeUnixNano: '1700000000001000000',
    endTimeUnixNano: '1700000000009063000',
  });
  expect(told).toEqual([]);
});

test('while the collector is overloaded, a batch is sent again, and the log says so once', async () => {
  const { exporting, counts, told } = open();
  receiver.answerWith({ status: 503 }, { status: 429 }, { status: 200, body: '' });
  exporting.take(check());
  await vi.waitFor(() => expect(counts()).toMatchObject({ exported: 1, lost: 0 }));
  expect(receiver.messages.length).toBe(3);
  expect(told).toEqual(['warn: the collector takes no spans', 'info: the collector takes spans again']);
});

test('spans for a collector that is away are lost after a few attempts, and counted', async () => {
  const { exporting, counts } = open('http://127.0.0.1:1/v1/traces');
  exporting.take(check());
  await vi.waitFor(() => expect(counts()).toMatchObject({ exported: 0, lost: 1 }));
});

test('what the collector refuses is not sent again', async () => {
  const { exporting, counts, told } = open();
  receiver.answerWith({ status: 400, body: 'no' });
  exporting.take(check());
  await vi.waitFor(() => expect(counts()).toMatchObject({ refused: 1 }));
  expect(receiver.messages.length).toBe(1);
  receiver.answerWith({ status: 200, body: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"one too many"}}' });
  exporting.take(check());
  exporting.take(check());
  await vi.waitFor(() => expect(counts()).toMatchObject({ refused: 2, exported: 1 }));
  expect(told).toEqual(['warn: the collector refuses spans']);
});

test.each(['not json', '[]', 'null', '{"partialSuccess":{"rejectedSpans":-1}}', '"x"', 'x'.repeat(100_000)])(
  'an answer that makes no sense counts as taken: %.20s',
  async (body) => {
    const { exporting, counts } = open();
    receiver.answerWith({ status: 200, body });
    exporting.take(check());
    await vi.waitFor(() => expect(counts()).toMatchObject({ exported: 1 }));
  },
);

test('what waits is bounded while the collector hangs, and what is beyond it is counted', async () => {
  const { exporting, counts } = open();
  receiver.answerWith(null);
  exporting.take(check());
  await vi.waitFor(() => expect(receiver.messages.length).toBe(1));
  for (let i = 0; i < MOST_WAITING + 100; i++) exporting.take(check());
  expect(counts()).toMatchObject({ kept: MOST_WAITING + 1, queue_full: 100 });
  receiver.answerWith({ status: 200 });
});

test('the last spans are sent at the end, without waiting for more', async () => {
  const never: Timers = { after: () => () => undefined };
  const { exporting, counts } = open(undefined, never);
  exporting.take(check());
  await exporting.close();
  expect(counts()).toMatchObject({ exported: 1 });
  exporting.take(check());
  expect(counts()).toMatchObject({ kept: 1, queue_full: 1 });
});
