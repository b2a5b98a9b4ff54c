import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createRawServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { loggingClient } from '../analytics/logging-client.ts';
import { entry, httpMessage } from '../analytics/log-message.ts';
import { createAuthority } from '../grpc/certificates.ts';
import { main } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { documentsFolder } from './documents.ts';
import {
  endAfterEach,
  endings,
  expectChecks,
  listen,
  metric,
  PATIENCE,
  receive,
  sendMany,
  start,
} from './faulty-sinks.ts';
import { shop } from './shop.ts';

endAfterEach();

test('whatever a receiver does, Checks go on, and it gets each event when it is well again', async () => {
  const port = await freePort();
  const receiver = await receive(port);
  const { ostiary, client } = await start(['--events-webhook', `http://127.0.0.1:${port}/`]);
  const status =
    (code: number, headers = {}) =>
    (_: IncomingMessage, response: ServerResponse) =>
      void response.writeHead(code, headers).end('x'.repeat(1_000_000));
  const faults = {
    timeout: () => {},
    overloaded: status(429, { 'retry-after': '1' }),
    unauthorized: status(403),
    redirected: status(307, { location: 'http://127.0.0.1:1/' }),
    error_status: status(500),
    unreachable: (_: IncomingMessage, { socket }: ServerResponse) => void socket?.end('garbage, and no HTTP\r\n\r\n'),
  };
  const ids = new Set<string>();
  for (const [reason, answer] of Object.entries(faults)) {
    receiver.answer = answer;
    await expectChecks(
      client,
      (async () => {
        for (const id of await sendMany(client, 10)) ids.add(id);
        const failed = () => metric(ostiary, `ostiary_events_send_failures_total{sink="webhook",reason="${reason}"}`);
        await expect.poll(failed, PATIENCE).toBeGreaterThan(0);
      })(),
    );
  }
  receiver.answer = undefined;
  await expect.poll(() => receiver.ids, { timeout: 120_000, interval: 500 }).toEqual(ids);
  expect(await metric(ostiary, 'ostiary_events_sent_total{sink="webhook"}')).toBe(ids.size);
  expect(ostiary.output().match(/events wait/g)).toHaveLength(1);
});

test('a receiver that takes one byte a second, or has no certificate that counts, is a failure like others', async () => {
  const [slow, untrusted] = [await freePort(), await freePort()];
  await listen(
    createRawServer((socket) => {
      socket.pause();
      const reading = setInterval(() => socket.read(1), 1000);
      socket.once('close', () => clearInterval(reading));
    }),
    slow,
  );
  const { certificate, key } = createAuthority().issue('server');
  const tls = { cert: readFileSync(certificate), key: readFileSync(key) };
  await listen(
    createTlsServer(tls, (_, response) => void response.end()),
    untrusted,
  );
  const { ostiary, client } = await start([
    '--events-webhook',
    `http://127.0.0.1:${slow}/`,
    '--events-otlp',
    `https://127.0.0.1:${untrusted}`,
  ]);
  const failures = (sink: string, reason: string) =>
    metric(ostiary, `ostiary_events_send_failures_total{sink="${sink}",reason="${reason}"}`);
  await expectChecks(
    client,
    (async () => {
      await sendMany(client, 50);
      await expect.poll(() => failures('webhook', 'timeout'), PATIENCE).toBeGreaterThan(0);
      await expect
        .poll(async () => ostiary.output(), PATIENCE)
        .toMatch(/events wait: it can't be reached \((?:SELF_SIGNED|UNABLE_TO|CERT|DEPTH)/);
    })(),
  );
  for (const sink of ['otlp', 'webhook']) {
    expect(await metric(ostiary, `ostiary_events_waiting{sink="${sink}"}`)).toBe(50);
  }
});

test('a token that is replaced in its file is followed', async () => {
  const port = await freePort();
  const receiver = await receive(port);
  const file = join(scratchFolder('headers'), 'headers');
  writeFileSync(file, 'authorization: Bearer old\n');
  receiver.answer = ({ headers }, response) => {
    response.writeHead(401).end(headers.authorization);
    if (headers.authorization === 'Bearer new') receiver.answer = undefined;
  };
  const { ostiary, client } = await start([
    '--events-webhook',
    `http://127.0.0.1:${port}/`,
    '--events-webhook-headers-file',
    file,
  ]);
  const ids = await sendMany(client, 10);
  const failed = () => metric(ostiary, 'ostiary_events_send_failures_total{sink="webhook",reason="unauthorized"}');
  await expect.poll(failed, PATIENCE).toBeGreaterThan(0);
  writeFileSync(file, 'no header\n');
  await expect.poll(() => ostiary.output(), PATIENCE).toContain('line 1 is not a header');
  writeFileSync(file, 'authorization: Bearer new\n');
  await expect.poll(() => receiver.ids, { timeout: 120_000, interval: 500 }).toEqual(ids);
  expect(ostiary.output()).not.toMatch(/Bearer (?:old|new)/);
});

test('where nobody reads standard output, events are dropped and counted, memory is bounded, and Checks go on', async () => {
  const [port, admin] = [await freePort(), await freePort()];
  const flags = [`--listen=127.0.0.1:${port}`, `--admin-listen=127.0.0.1:${admin}`, '--api-listen=127.0.0.1:0'];
  const program = [main, 'serve', `--policies=${documentsFolder(shop)}`, '--events-file=-', ...flags];
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'ignore'] });
  endings.push(() => child.kill('SIGKILL'));
  const adminUrl = `http://127.0.0.1:${admin}`;
  const isReady = () =>
    fetch(`${adminUrl}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await expect.poll(isReady, PATIENCE).toBe(true);
  const ostiary = { adminUrl } as RealOstiary;
  const client = loggingClient(`127.0.0.1:${port}`);
  endings.push(() => client.close());
  const message = httpMessage(...Array.from({ length: 500 }, () => entry({})));
  const entries = 120_000;
  await expectChecks(
    client,
    (async () => {
      for (let sent = 0; sent < entries; sent += 500) {
        client.log(message);
        await sleep(5);
      }
      await expect.poll(() => metric(ostiary, 'ostiary_events_taken_total{sink="file"}'), PATIENCE).toBe(entries);
    })(),
  );
  const dropped = await metric(ostiary, 'ostiary_events_dropped_total{sink="file",reason="slow_reader"}');
  expect(dropped).toBeGreaterThan(0);
  expect(dropped + (await metric(ostiary, 'ostiary_events_sent_total{sink="file"}'))).toBe(entries);
  const residentKiB = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
  expect(residentKiB).toBeLessThan(400 * 1024);
});
