import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { openOtlpSink, openWebhookSink } from '../../src/sinks/http-sinks.ts';
import { retryAfterMs } from '../../src/sinks/http-post.ts';
import { waitMs } from '../../src/sinks/sender.ts';
import { madeEvent } from './made-event.ts';
import { testPorts } from './open-sinks.ts';

const PATIENCE = { timeout: 18_000, interval: 50 };
const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

interface Got {
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** A receiver that answers as a test says. */
async function receiver(answer: (response: ServerResponse, attempt: number) => void) {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ headers: request.headers, text: gunzipSync(Buffer.concat(chunks)).toString() });
      answer(response, got.length);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs` };
}

async function otlpTo(url: string, events = 3) {
  const tested = testPorts();
  const origin = { version: '1', node: 'n' };
  const sink = await openOtlpSink({ url, headers: async () => ({}), spool: undefined, origin }, tested.ports);
  for (let number = 0; number < events; number++) sink.take(madeEvent({ id: String(number) }));
  endings.push(() => void sink.close(0));
  return { ...tested, sink };
}

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(code, headers).end('no');
  };

describe('a receiver', () => {
  test.each([400, 413, 422])('that refuses a batch by %d loses it, and is asked once', async (code) => {
    const { got, url } = await receiver(status(code));
    const { value, lines } = await otlpTo(url);
    await expect.poll(() => value('ostiary_events_dropped_total', { reason: 'refused' }), PATIENCE).toBe(3);
    expect(got).toHaveLength(1);
    expect(await value('ostiary_events_waiting')).toBe(0);
    expect(lines.join('')).toContain(`it answers with status ${code}`);
  });

  test.each([
    [429, 'overloaded'],
    [503, 'overloaded'],
    [401, 'unauthorized'],
    [404, 'absent'],
    [302, 'redirected'],
    [500, 'error_status'],
  ])('that answers %d (%s) is asked again with the same bytes', async (code, reason) => {
    const elsewhere = await receiver(status(200));
    const { got, url } = await receiver((response, attempt) =>
      status(attempt === 1 ? code : 200, { location: elsewhere.url })(response),
    );
    const { value } = await otlpTo(url);
    await expect.poll(() => value('ostiary_events_sent_total'), PATIENCE).toBe(3);
    expect(await value('ostiary_events_send_failures_total', { reason })).toBe(1);
    expect(got).toHaveLength(2);
    expect(got[1]?.text).toBe(got[0]?.text);
    expect(elsewhere.got).toEqual([]);
  });

  test('that takes a part says how many it refuses, and more than all is all', async () => {
    const partial = (rejected: unknown) => JSON.stringify({ partialSuccess: { rejectedLogRecords: rejected } });
    for (const [rejected, lost] of [
      ['2', 2],
      [99, 3],
      [-1, 0],
      ['x', 0],
    ] as const) {
      const { url } = await receiver((response) => void response.end(partial(rejected)));
      const { value } = await otlpTo(url);
      await expect.poll(() => value('ostiary_events_last_success_timestamp_seconds'), PATIENCE).toBeGreaterThan(0);
      expect(await value('ostiary_events_sent_total')).toBe(3 - lost);
      expect(await value('ostiary_events_dropped_total', { reason: 'rejected' })).toBe(lost);
    }
  });

  test('that answers garbage, or without an end, has taken the batch', async () => {
    for (const answer of [
      (response: ServerResponse) => void response.end('{"partialSuccess":[[['),
      (response: ServerResponse) => {
        const more = (): void => void (response.destroyed || response.write('x'.repeat(65_536), more));
        more();
      },
    ]) {
      const { got, url } = await receiver(answer);
      const { value } = await otlpTo(url);
      await expect.poll(() => value('ostiary_events_sent_total'), PATIENCE).toBe(3);
      expect(got).toHaveLength(1);
    }
  });

  test('that never answers costs an attempt its time, and the events wait', async () => {
    const { url } = await receiver(() => {});
    const { value, sink } = await otlpTo(url);
    await expect.poll(() => value('ostiary_events_send_failures_total', { reason: 'timeout' }), PATIENCE).toBe(1);
    expect(await value('ostiary_events_waiting')).toBe(3);
    await sink.close(0);
    expect(await value('ostiary_events_dropped_total', { reason: 'shutdown' })).toBe(3);
  });
});

test('a webhook gets an array of events that it can verify', async () => {
  const { got, url } = await receiver(status(200));
  const tested = testPorts();
  const key = Buffer.alloc(32, 'k');
  const sink = await openWebhookSink({ url, headers: async () => ({}), spool: undefined, key }, tested.ports);
  sink.take(madeEvent({ id: 'one' }));
  sink.take(madeEvent({ id: 'two' }));
  await sink.close(10_000);
  const [{ headers, text } = { headers: {}, text: '' }] = got;
  expect((JSON.parse(text) as { id: string }[]).map(({ id }) => id)).toEqual(['one', 'two']);
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`;
  const digest = createHmac('sha256', key).update(signed).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${digest}`);
});

test('waiting doubles up to a minute, and a receiver can ask for ten minutes at most', () => {
  expect([0, 1, 2].map((failures) => waitMs(failures, 1, undefined))).toEqual([500, 1000, 2000]);
  expect(waitMs(0, 0, undefined)).toBe(250);
  expect(waitMs(1e6, 1, undefined)).toBe(60_000);
  expect(waitMs(0, 0, 5000)).toBe(5000);
  expect(waitMs(0, 0, 1e12)).toBe(600_000);
  expect(retryAfterMs('120', 0)).toBe(120_000);
  expect(retryAfterMs('Thu, 01 Jan 1970 00:01:00 GMT', 0)).toBe(60_000);
  // A clock that was set ahead.
  expect(retryAfterMs('Thu, 01 Jan 1970 00:01:00 GMT', 1e12)).toBe(0);
  expect(retryAfterMs('soon', 0)).toBeUndefined();
});
