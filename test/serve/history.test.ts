import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { entry, httpMessage } from '../analytics/log-message.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';

const folder = scratchFolder('serve-history');
const policies = mkdtempSync(join(folder, 'policies-'));
const token = join(folder, 'token');
writeFileSync(token, 'a-token-of-some-length-for-operators');
const ORDERS = {
  apiVersion: 'ostiary.dev/v1alpha1',
  kind: 'Api',
  metadata: { name: 'orders' },
  spec: { policies: [] },
};
writeFileSync(join(policies, 'orders.json'), JSON.stringify(ORDERS));

const start = (dataDir: string, ...args: string[]): Promise<RealOstiary> =>
  startOstiary({ policies, args: ['--api-token-file', token, '--data-dir', dataDir, ...args] });

/** As Envoy does: a stream of entries, which ends when all were read. */
async function log({ listen }: RealOstiary, entries: number): Promise<void> {
  const client = new Client(listen, credentials.createInsecure());
  const same = (bytes: Buffer): Buffer => bytes;
  const path = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs';
  await new Promise<void>((resolve, reject) => {
    const call = client.makeClientStreamRequest(path, same, same, (error) =>
      error === null ? resolve() : reject(error),
    );
    for (let at = 0; at < entries; at += 1)
      call.write(httpMessage(entry({ metadata: { api: 'orders' }, status: 200 })));
    call.end();
  });
  client.close();
}

async function countOf({ apiUrl }: RealOstiary): Promise<number> {
  const response = await fetch(`${apiUrl}/ostiary.v1.AnalyticsService/Query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer a-token-of-some-length-for-operators' },
    body: JSON.stringify({ by: ['status'], time: { last: '3600s' } }),
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const { total } = JSON.parse(text) as { total?: { count?: string } };
  return Number(total?.count ?? 0);
}

test.each([
  ['one process', []],
  ['two workers', ['--workers', '2']],
])(
  'what %s counted is there after the next start',
  async (_, args) => {
    const dataDir = join(mkdtempSync(join(folder, 'data-')), 'history');
    const first = await start(dataDir, ...args);
    await log(first, 30);
    await first.stop(20_000);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const second = await start(dataDir, ...args);
    expect(await countOf(second)).toBe(30);
    await log(second, 12);
    await second.stop(20_000);
    const third = await start(dataDir, ...args);
    expect(await countOf(third)).toBe(42);
    const metrics = await (await fetch(`${third.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/ostiary_history_query_duration_seconds_count 1\b/);
    await third.stop();
  },
  120_000,
);

test('a place that can not be used is told at the start, with the remedy', async () => {
  const missing = join(folder, 'none', 'data');
  const run = await runOstiary(['serve', '--policies', policies, '--data-dir', missing]);
  expect(await run.exited).toBe(1);
  expect(run.output()).toContain(
    `--data-dir ${missing} can't be made: the folder above it is not there; make it first`,
  );
  const used = join(mkdtempSync(join(folder, 'data-')), 'history');
  const first = await start(used);
  const second = await runOstiary(['serve', '--policies', policies, '--data-dir', used]);
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain(`${join(used, 'analytics.db')} is used by another process`);
  await first.stop();
}, 60_000);
