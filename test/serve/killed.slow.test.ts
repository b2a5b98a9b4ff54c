import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '@bufbuild/protobuf';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { CHECK_PATH } from '../../src/envoy/check-service.ts';
import { parseListenAddress } from '../../src/listen/address.ts';
import { entry, httpMessage } from '../analytics/log-message.ts';
import { documentsFolder } from '../e2e/documents.ts';
import { RawClient } from '../grpc/client.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';

const folder = scratchFolder('killed');
const token = join(folder, 'token');
writeFileSync(token, 'a-token-of-some-length-for-operators');
const policies = documentsFolder([
  {
    kind: 'Api',
    metadata: { name: 'open' },
    spec: { basePath: '/open', policies: [] },
  },
]);

const request = toBinary(
  CheckRequestSchema,
  create(CheckRequestSchema, {
    attributes: { request: { http: { method: 'GET', host: 'shop.test', path: '/open/1', scheme: 'http' } } },
  }),
);

const clientOf = ({ listen }: RealOstiary): RawClient => new RawClient(parseListenAddress(listen, '--listen', 0o600));

async function decide(ostiary: RealOstiary, count: number): Promise<JsonObject[]> {
  const client = clientOf(ostiary);
  const told: JsonObject[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = await client.unary(CHECK_PATH, request, { timeoutMs: 5000 });
    told.push(fromBinary(CheckResponseSchema, bytes).dynamicMetadata ?? {});
  }
  client.close();
  return told;
}

async function log(ostiary: RealOstiary, metadata: readonly JsonObject[]): Promise<void> {
  const client = clientOf(ostiary);
  const stream = client.bidi('/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs');
  stream.end(httpMessage(...metadata.map((each) => entry({ metadata: each }))));
  await stream.toArray();
  client.close();
}

/** What `ostiary analytics query` prints: requests, and how complete that is. */
async function query({ apiUrl }: RealOstiary): Promise<Record<string, number>> {
  const response = await fetch(`${apiUrl}/ostiary.v1.AnalyticsService/Query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer a-token-of-some-length-for-operators' },
    body: JSON.stringify({ time: { last: '3600s' } }),
  });
  const { total, completeness } = (await response.json()) as Record<string, Record<string, string> | undefined>;
  const amounts = Object.entries({ count: total?.['count'] ?? '0', ...completeness });
  return Object.fromEntries(amounts.map(([name, amount]) => [name, Number(amount)]));
}

test.concurrent.each([
  ['one process', []],
  ['two workers', ['--workers', '2']],
])(
  'of %s that is killed, every decision is counted or shown as unknown',
  async (_, args) => {
    const dataDir = join(mkdtempSync(join(folder, 'data-')), 'history');
    const start = (): Promise<RealOstiary> =>
      startOstiary({ policies, args: ['--api-token-file', token, '--data-dir', dataDir, ...args] });
    const first = await start();
    await log(first, await decide(first, 20));
    await expect.poll(() => query(first), { timeout: 25_000, interval: 250 }).toMatchObject({ count: 20, decided: 20 });
    const later = await decide(first, 30);
    await log(first, later.slice(0, 10));
    // It is written down within a second.
    await sleep(2500);
    const files = readdirSync(join(dataDir, 'accounts'));
    expect(files).toHaveLength(args.length === 0 ? 1 : 3);
    for (const file of files) expect(statSync(join(dataDir, 'accounts', file)).mode & 0o777).toBe(0o600);
    await first.kill();

    const second = await start();
    expect(second.output()).toContain('gap in analytics');
    await log(second, later.slice(10, 15));
    const own = await decide(second, 4);
    await log(second, own);
    await expect
      .poll(() => query(second), { timeout: 100_000, interval: 1000 })
      .toSatisfy(
        ({ decided, reported, unknown = 0 }: Record<string, number>) => decided === 54 && reported! + unknown === 54,
      );
    const { count, reported, unknown } = await query(second);
    // Ten had come, and were kept if a slot ended before the kill.
    expect(count).toBe(reported);
    expect(unknown).toBeGreaterThanOrEqual(15);
    expect(unknown).toBeLessThanOrEqual(25);
    const metrics = await (await fetch(`${second.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(
      args.length === 0 ? /^ostiary_analytics_gaps_total 1$/m : /^ostiary_analytics_gaps_total 3$/m,
    );
    await second.stop(20_000);
    // Nothing is told again.
    const third = await start();
    await sleep(11_000);
    expect(await query(third)).toEqual({ count, decided: 54, reported, unknown });
    await third.stop(20_000);
  },
  240_000,
);
