import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPrometheus } from '../real/prometheus.ts';
import type { RealPrometheus } from '../real/prometheus.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { documentsFolder } from './documents.ts';
import { startIssuer } from './issuer.ts';
import type { Issuer } from './issuer.ts';
import { mixedEnvoy } from './mixed-envoy.ts';
import { mixedDocuments, mixedRoutes } from './mixed-documents.ts';
import type { Seen } from './mixed-kinds.ts';
import { mixedTraffic } from './mixed-traffic.ts';
import { startMixedUpstream } from './mixed-upstream.ts';
import type { MixedUpstream } from './mixed-upstream.ts';

const envoyPart = await partOrSkip('envoy');
const prometheusPart = await partOrSkip('prometheus');

const REQUESTS = 10_000;
/** Envoy sends within a second, a slot ends within ten, and Prometheus scrapes every second. */
const PATIENCE = { timeout: 60_000, interval: 1000 };
const DIMENSIONS = ['api', 'client', 'tier', 'method', 'status', 'outcome', 'reason'] as const;

type Counts = Readonly<Record<string, number>>;
type Fields = Readonly<Record<string, unknown>>;

function tally<T>(rows: Iterable<T>, key: (row: T) => readonly unknown[], count: (row: T) => number = () => 1): Counts {
  const counts: Record<string, number> = {};
  for (const row of rows) {
    const name = key(row)
      .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)) || '-')
      .join(' ');
    counts[name] = (counts[name] ?? 0) + count(row);
  }
  return counts;
}

const classOf = (status: number): string => (status === 0 ? 'none' : `${Math.floor(status / 100)}xx`);

describe.skipIf(envoyPart === undefined || prometheusPart === undefined).each([
  { asked: 'one process', args: [] },
  { asked: 'two workers', args: ['--workers', '2', '--store-timeout', '5s'] },
])(`${REQUESTS} mixed requests through a real Envoy that asks $asked`, ({ args }) => {
  let issuer: Issuer;
  let upstream: MixedUpstream;
  let ostiary: RealOstiary;
  let envoy: RealEnvoy;
  let prometheus: RealPrometheus;
  let seen: readonly Seen[];
  const folder = scratchFolder('counts');
  const file = join(folder, 'events.ndjson');
  const tokenFile = join(folder, 'token');

  beforeAll(async () => {
    writeFileSync(tokenFile, 'a-token-of-operators-that-is-long-enough');
    issuer = await startIssuer();
    upstream = await startMixedUpstream();
    const [port, deadPort] = [await freePort(), await freePort()];
    ostiary = await startOstiary({
      policies: documentsFolder(mixedDocuments(issuer)),
      listen: `127.0.0.1:${port}`,
      args: ['--data-dir', join(folder, 'data'), '--api-token-file', tokenFile, ...args, '--events-file', file],
    });
    envoy = await startEnvoy(mixedEnvoy({ port, deadPort, upstream, routed: mixedRoutes }));
    prometheus = await startPrometheus([new URL(ostiary.adminUrl).host]);
    seen = await mixedTraffic(REQUESTS, { port: (front) => envoy.port(front), upstream, issuer });
  });
  afterAll(async () => {
    await Promise.all([prometheus?.stop(), envoy?.stop(), ostiary?.stop()]);
    await Promise.all([upstream?.close(), issuer?.close()]);
  });

  test('are as many as were to be sent', () => {
    expect(seen).toHaveLength(REQUESTS);
  });

  test('are lines of the file of events, each once', async () => {
    const events = (): Fields[] =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Fields);
    await expect.poll(() => events().length, PATIENCE).toBe(REQUESTS);
    const told = events();
    expect(new Set(told.map(({ id }) => id)).size).toBe(REQUESTS);
    expect(tally(told, (event) => [...DIMENSIONS.map((name) => event[name]), event['grpc_status']])).toEqual(
      tally(seen, (one) => [...DIMENSIONS.map((name) => one[name]), one.grpcStatus]),
    );
  });

  test('are told by ostiary analytics query, which is complete', async () => {
    const expected = tally(seen, (one) => DIMENSIONS.map((name) => one[name]));
    const ask = async (): Promise<Answer> => {
      const asked = ['--by', DIMENSIONS.join(','), '--since', '1h', '--limit', '10000', '-o', 'json'];
      const where = ['--api-address', ostiary.apiUrl, '--api-token-file', tokenFile];
      const query = await runOstiary(['analytics', 'query', ...asked, ...where]);
      expect(await query.exited, query.output()).toBe(0);
      return JSON.parse(query.output()) as Answer;
    };
    await expect.poll(async () => (await ask()).total.count, PATIENCE).toBe(REQUESTS);
    const { rows, completeness } = await ask();
    const counted = tally(
      rows,
      (row) => DIMENSIONS.map((name) => row[name]),
      ({ count }) => Number(count),
    );
    expect(counted).toEqual(expected);
    const decided = seen.filter(({ outcome }) => ['processed', 'blocked', 'answered'].includes(outcome)).length;
    expect(completeness).toMatchObject({ decided, reported: decided, unreported: 0, unknown: 0, open: 0, folded: 0 });
  });

  test('are told by a Prometheus that scrapes ostiary', async () => {
    const of = async (name: string, labels: readonly string[]): Promise<Counts> => {
      const samples = await prometheus.query(`sum by (${labels.join(',')}) (${name})`);
      return tally(
        samples,
        (sample) => labels.map((label) => sample.labels[label]),
        ({ value }) => value,
      );
    };
    await expect
      .poll(
        () => of('ostiary_requests_total', ['api', 'client', 'tier', 'method', 'status_class', 'outcome']),
        PATIENCE,
      )
      .toEqual(
        tally(seen, ({ api, client, tier, method, status, outcome }) => [
          api,
          client,
          tier,
          method,
          classOf(status),
          outcome,
        ]),
      );
    const blocked = seen.filter(({ outcome }) => outcome === 'blocked');
    expect(await of('ostiary_policy_violations_total', ['api', 'reason'])).toEqual(
      tally(blocked, ({ api, reason }) => [api, reason]),
    );
    expect(await of('ostiary_request_duration_seconds_count', ['api'])).toEqual(tally(seen, ({ api }) => [api]));
    const entries = await of('ostiary_access_log_entries_total', ['result']);
    expect(Object.fromEntries(Object.entries(entries).filter(([, count]) => count > 0))).toEqual({ counted: REQUESTS });
  });
});

interface Answer {
  readonly rows: readonly Fields[];
  readonly total: { readonly count: number };
  readonly completeness: Fields;
}
