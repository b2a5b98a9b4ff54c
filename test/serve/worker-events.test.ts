import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { loggingClient, TRACE_ID } from '../analytics/logging-client.ts';
import { credentials, documentsFolder } from '../e2e/documents.ts';
import { shop } from '../e2e/shop.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';

const STRANGER = { client_id: 'nobody', client_secret: 'x' };
const token = 'x'.repeat(32);

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

async function startWorkers(args: readonly string[]): Promise<RealOstiary> {
  // Where the machine is busy, the owner takes its time to answer.
  const patient = ['--drain', '20s', '--drain-delay', '10ms', '--store-timeout', '4s'];
  const ostiary = await startOstiary({
    policies: documentsFolder(shop),
    args: ['--workers', '3', ...patient, ...args],
  });
  endings.push(() => ostiary.stop());
  return ostiary;
}

async function metricsOf({ adminUrl }: RealOstiary, accept = 'text/plain'): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`, { headers: { accept } })).text();
}

function eventsIn(file: string): Record<string, unknown>[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('three workers have one file of events, one count of them, and the samples and exemplars of all', async () => {
  const folder = scratchFolder('events');
  const [file, tokenFile] = [join(folder, 'events.ndjson'), join(folder, 'token')];
  writeFileSync(tokenFile, token);
  const ostiary = await startWorkers(['--events-file', file, '--api-token-file', tokenFile]);
  const envoys = Array.from({ length: 9 }, () => loggingClient(ostiary.listen));
  endings.push(() => envoys.forEach((envoy) => envoy.close()));
  await expect.poll(() => metricsOf(ostiary), { timeout: 10_000 }).toContain('\nostiary_access_log_streams 9\n');
  const ids = new Set<unknown>();
  for (const envoy of envoys) {
    for (let round = 0; round < 40; round++) ids.add(await envoy.send(round < 30 ? credentials('gold') : STRANGER));
  }
  expect(ids.size).toBe(360);
  await expect.poll(() => eventsIn(file).length, { timeout: 20_000 }).toBe(360);
  expect(new Set(eventsIn(file).map(({ id }) => id))).toEqual(ids);
  expect(eventsIn(file).filter(({ outcome }) => outcome === 'blocked')).toHaveLength(90);
  const text = await metricsOf(ostiary);
  expect(text).toContain('ostiary_events_taken_total{sink="file"} 360\n');
  expect(text).toContain('ostiary_events_sent_total{sink="file"} 360\n');
  expect(text).toContain('ostiary_events_waiting{sink="file"} 0\n');
  expect(text).toContain('\nostiary_access_log_missing 0\n');

  const scraped = await metricsOf(ostiary, 'application/openmetrics-text; version=1.0.0');
  expect(scraped).toMatch(new RegExp(`^ostiary_request_duration_seconds_bucket.* # \\{trace_id="${TRACE_ID}"\\}`, 'm'));

  const asked = await fetch(`${ostiary.apiUrl}/ostiary.v1.AnalyticsService/ListSamples`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ reason: 'client_rejected', limit: 1000 }),
  });
  const { samples = [] } = (await asked.json()) as { samples?: Record<string, unknown>[] };
  // The latest 20 of each worker.
  expect(samples).toHaveLength(60);
  const received = samples.map(({ receivedAt }) => String(receivedAt));
  expect(received).toEqual(received.toSorted().toReversed());
  expect(samples[0]).toMatchObject({ api: 'orders', status: 401, outcome: 'blocked' });

  // What is under way at SIGTERM is written.
  await envoys[0]?.send(credentials('gold'));
  await expect
    .poll(() => metricsOf(ostiary), { timeout: 10_000, interval: 20 })
    .toContain('ostiary_events_taken_total{sink="file"} 361\n');
  ostiary.signal('SIGTERM');
  expect(await ostiary.exited).toBe(0);
  expect(eventsIn(file)).toHaveLength(361);
}, 60_000);
