import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RequestEvent } from '../../src/analytics/event.ts';
import { openOtlpSink } from '../../src/sinks/http-sinks.ts';
import { CODE_NAMES } from '../../src/otlp.ts';
import { ATTRIBUTES } from '../../src/sinks/otlp-record.ts';
import { startCollector } from '../real/otel-collector.ts';
import type { RealCollector } from '../real/otel-collector.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { madeEvent } from './made-event.ts';
import { owner, testPorts } from './open-sinks.ts';

const part = await partOrSkip('otelcol');
const PATIENCE = { timeout: 20_000, interval: 100 };
const ORIGIN = { version: '1.2.3', node: 'a-node' };

interface Value {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly Value[] };
}
interface LogRecord {
  readonly timeUnixNano: string;
  readonly traceId?: string;
  readonly eventName: string;
  readonly attributes: readonly { readonly key: string; readonly value: Value }[];
}

function recordsOf(collector: Pick<RealCollector, 'taken'>): LogRecord[] {
  const messages = collector.taken('logs') as unknown as readonly {
    resourceLogs: { scopeLogs: { logRecords: LogRecord[] }[] }[];
  }[];
  return messages.flatMap(({ resourceLogs }) =>
    resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)),
  );
}

/** The event that a record was, by the table of attributes: written without the code that makes records. */
function eventOf(record: LogRecord): object {
  const event: Record<string, unknown> = {
    endedAt: Number(BigInt(record.timeUnixNano) / 1_000_000n),
    ...(record.traceId === undefined ? {} : { traceId: record.traceId }),
    // What is left out where it is nothing.
    status: 0,
    requestBytes: 0,
    responseBytes: 0,
    responseFlags: [],
  };
  const fields = new Map(ATTRIBUTES.map(([field, name, kind]) => [name, { field, kind }]));
  for (const { key, value } of record.attributes) {
    const { field, kind } = fields.get(key) ?? { field: `strange ${key}`, kind: 'text' };
    const texts = value.arrayValue?.values.map(({ stringValue }) => stringValue);
    if (kind === 'code') event[field] = CODE_NAMES.indexOf(value.stringValue ?? '');
    else if (kind === 'list') event[field] = texts?.[0];
    else event[field] = texts ?? value.stringValue ?? value.doubleValue ?? Number(value.intValue);
  }
  return event;
}

const idOf = (record: LogRecord) => (eventOf(record) as RequestEvent).id;

describe.skipIf(part === undefined)('a real OpenTelemetry Collector', () => {
  test('gets each field of each event, from who has its token', async () => {
    const collector = await startCollector({ token: 'a-token' });
    const { ports, value } = testPorts();
    const headers = async () => ({ authorization: 'Bearer a-token' });
    const sink = await openOtlpSink(
      { url: `${collector.url}/v1/logs`, headers, spool: undefined, origin: ORIGIN },
      ports,
    );
    const events = Array.from({ length: 300 }, (_, number) =>
      number % 3 === 0
        ? madeEvent({ id: `full-${number}`, durationMs: number + 0.5, details: 'a "quote", a \\ and Ünïcode' })
        : ({
            id: `bare-${number}`,
            receivedAt: 1_764_300_000_000 + number,
            endedAt: 1_764_300_000_010 + number,
            outcome: 'rejected_by_envoy',
            method: 'GET',
            status: number % 2 === 0 ? 0 : 404,
            responseFlags: number % 2 === 0 ? [] : ['NR'],
            requestBytes: number,
            responseBytes: 0,
          } satisfies RequestEvent),
    );
    for (const event of events) sink.take(event);
    await sink.close(10_000);
    await expect.poll(() => recordsOf(collector).length, PATIENCE).toBe(events.length);
    expect(recordsOf(collector).map(eventOf)).toEqual(events);
    expect(new Set(recordsOf(collector).map(({ eventName }) => eventName))).toEqual(new Set(['ostiary.request']));
    expect(JSON.stringify(collector.taken('logs')[0])).toContain(
      '{"key":"service.instance.id","value":{"stringValue":"a-node"}}',
    );
    expect(await value('ostiary_events_sent_total')).toBe(300);
    await collector.stop();
  });

  test('that was away gets from the spool what came meanwhile, from a later process too', async () => {
    const port = await freePort();
    const spool = { folder: join(scratchFolder('spool'), 'otlp'), maxBytes: 2 ** 20, owner };
    const url = `http://127.0.0.1:${port}/v1/logs`;
    const options = { url, headers: async () => ({}), spool, origin: ORIGIN };
    const ids = Array.from({ length: 200 }, (_, number) => `event-${number}`);
    const first = testPorts();
    const before = await openOtlpSink(options, first.ports);
    for (const id of ids.slice(0, 100)) before.take(madeEvent({ id }));
    await expect.poll(() => first.value('ostiary_events_send_failures_total'), PATIENCE).toBeGreaterThan(0);
    await before.close(1000);
    expect(await first.value('ostiary_events_dropped_total')).toBe(0);
    const second = testPorts();
    const after = await openOtlpSink(options, second.ports);
    for (const id of ids.slice(100)) after.take(madeEvent({ id }));
    const collector = await startCollector({ port });
    await expect.poll(() => second.value('ostiary_events_sent_total'), PATIENCE).toBe(200);
    await after.close(5000);
    await expect.poll(() => recordsOf(collector).length, PATIENCE).toBeGreaterThanOrEqual(200);
    expect(new Set(recordsOf(collector).map(idOf))).toEqual(new Set(ids));
    expect(second.lines.join('')).toContain('events of an earlier process wait in the spool');
    await collector.stop();
  });

  test('that is killed and comes back has each event; what nobody took is counted without a spool', async () => {
    const [port, folder] = [await freePort(), scratchFolder('killed')];
    const spool = { folder: join(scratchFolder('spool'), 'otlp'), maxBytes: 2 ** 20, owner };
    const url = `http://127.0.0.1:${port}/v1/logs`;
    const [kept, lost] = [testPorts(), testPorts()];
    const options = { url, headers: async () => ({}), origin: ORIGIN };
    const spooled = await openOtlpSink({ ...options, spool }, kept.ports);
    const unspooled = await openOtlpSink({ ...options, spool: undefined }, lost.ports);
    const ids: string[] = [];
    const takeMany = (): void => {
      for (let count = 0; count < 100; count++) {
        const id = `event-${ids.length}`;
        ids.push(id);
        spooled.take(madeEvent({ id }));
        unspooled.take(madeEvent({ id: `unspooled-${id}` }));
      }
    };
    const first = await startCollector({ port, folder });
    takeMany();
    await expect.poll(() => recordsOf(first).length, PATIENCE).toBe(200);
    // They are sent within a second, when nobody is there.
    takeMany();
    await first.kill();
    const failures = () => lost.value('ostiary_events_send_failures_total', { reason: 'unreachable' });
    await expect.poll(failures, PATIENCE).toBeGreaterThan(0);
    await unspooled.close(1000);
    expect(await lost.value('ostiary_events_sent_total')).toBe(100);
    expect(await lost.value('ostiary_events_dropped_total', { reason: 'shutdown' })).toBe(100);
    const second = await startCollector({ port, folder });
    await expect.poll(() => kept.value('ostiary_events_sent_total'), PATIENCE).toBe(200);
    await spooled.close(1000);
    const arrived = () =>
      new Set(
        recordsOf(second)
          .map(idOf)
          .filter((id) => !id.startsWith('unspooled')),
      );
    await expect.poll(arrived, PATIENCE).toEqual(new Set(ids));
    expect(await kept.value('ostiary_events_dropped_total')).toBe(0);
    await second.stop();
  });
});
