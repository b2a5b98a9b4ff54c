// Events to a receiver some milliseconds away, with and without a spool: whether they keep up, and how long the event
// loop waits. Run: node bench/event-sinks.ts [EVENTS_PER_SECOND] [MS_AWAY] [SECONDS]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setImmediate as pause, setTimeout as sleep } from 'node:timers/promises';
import { openOtlpSink, openWebhookSink } from '../src/sinks/http-sinks.ts';
import type { SpoolPlace } from '../src/sinks/queued-sink.ts';
import type { Sink } from '../src/sinks/sink.ts';
import { madeEvent } from '../test/sinks/made-event.ts';
import { owner, testPorts } from '../test/sinks/open-sinks.ts';

const [, , perSecond = '20000', msAway = '20', seconds = '10'] = process.argv;
const TICK_MS = 10;

if (process.send === undefined) await measure();
else await receive();

/** In a process of its own, so that its work is not ours. */
async function receive(): Promise<void> {
  let connections = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => setTimeout(() => response.end('{}'), Number(msAway)));
  });
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('message', () => process.send?.({ connections }));
  process.once('disconnect', () => process.exit());
  process.send?.({ port: (server.address() as AddressInfo).port });
}

async function measure(): Promise<void> {
  console.log(`${perSecond} events/s for ${seconds} s, to a receiver that answers after ${msAway} ms`);
  for (const format of ['otlp', 'webhook'] as const) {
    for (const isSpooled of [false, true]) {
      const folder = mkdtempSync(join(tmpdir(), 'ostiary-bench-'));
      await measureOne(format, isSpooled ? { folder: join(folder, 'spool'), maxBytes: 2 ** 28, owner } : undefined);
      rmSync(folder, { recursive: true });
    }
  }
}

async function measureOne(format: 'otlp' | 'webhook', spool: SpoolPlace | undefined): Promise<void> {
  const receiver = fork(import.meta.filename, [perSecond, msAway, seconds]);
  const [{ port }] = (await once(receiver, 'message')) as [{ port: number }];
  const { ports, value } = testPorts();
  const options = { url: `http://127.0.0.1:${port}/`, headers: async () => ({}), spool };
  const sink: Sink =
    format === 'otlp'
      ? await openOtlpSink({ ...options, origin: { version: '1', node: 'bench' } }, ports)
      : await openWebhookSink({ ...options, key: Buffer.alloc(32, 'k') }, ports);
  const each = (Number(perSecond) * TICK_MS) / 1000;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  const begin = performance.now();
  let [made, mostWaiting, id] = [0, 0, 0];
  delay.enable();
  while (performance.now() - begin < Number(seconds) * 1000) {
    const due = (performance.now() - begin) / TICK_MS;
    // As the log of Envoy is read: a few hundred entries, then a pause.
    for (; made < due * each; made++) {
      sink.take(madeEvent({ id: `q83vAAAAAAABAAAAAAA${(id++).toString(36)}` }));
      if (made % 200 === 0) await pause();
    }
    await sleep(TICK_MS);
    if (id % 20 === 0) mostWaiting = Math.max(mostWaiting, await value('ostiary_events_waiting'));
  }
  delay.disable();
  const used = process.cpuUsage(cpu);
  const endedAt = performance.now();
  while ((await value('ostiary_events_waiting')) > 0) await sleep(5);
  const rest = performance.now() - endedAt;
  receiver.send('connections');
  const [{ connections }] = (await once(receiver, 'message')) as [{ connections: number }];
  const lost = await value('ostiary_events_dropped_total');
  const mine = (used.user + used.system) / made;
  console.log(
    [
      `${format}${spool === undefined ? '' : ' with a spool'}: ${made} events, ${lost} lost, ${connections} connections`,
      `at most ${mostWaiting} waited, the last ${Math.round(rest)} ms`,
      `event loop late by ${(delay.percentile(99) / 1e6).toFixed(1)} ms (99 %), ${(delay.max / 1e6).toFixed(1)} ms at most`,
      `${mine.toFixed(1)} µs of CPU an event`,
    ].join('; '),
  );
  await sink.close(0);
  receiver.disconnect();
}
