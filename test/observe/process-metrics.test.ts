import { expect, test } from 'vitest';
import { StoreUnavailable, type CounterStore, type Taking } from '../../src/counter/store.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import type { Snapshot } from '../../src/policy/snapshot.ts';
import { stoppedClock } from './decisions.ts';
import { scraperOf } from './scrape.ts';

const taking: Taking = { granted: true, windows: [] };

test('the store answers through its metrics as without them, synchronously too', async () => {
  const { metrics } = scraped();
  const store = metrics.instrumentStore(storeThat({ take: () => taking, peek: () => Promise.resolve(taking) }));
  expect(store.take([], 0)).toBe(taking);
  expect(await store.peek([], 0)).toBe(taking);
});

test('the time the store takes is told by operation', async () => {
  const { metrics, clock, line } = scraped();
  const store = metrics.instrumentStore(
    storeThat({
      take() {
        clock.advance(3);
        return taking;
      },
    }),
  );
  void store.take([], 0);
  const take = 'store="memory",operation="take"';
  expect(await line(`ostiary_counter_store_duration_seconds_bucket{${take},le="0.0025"}`)).toBe(0);
  expect(await line(`ostiary_counter_store_duration_seconds_bucket{${take},le="0.005"}`)).toBe(1);
  expect(await line(`ostiary_counter_store_duration_seconds_sum{${take}}`)).toBe(0.003);
});

test.each([
  ['throws', () => fail()],
  ['rejects', () => Promise.resolve().then(fail)],
])('a store that %s is counted, and its failure goes on to the policy', async (_how, take) => {
  const { metrics, line } = scraped();
  const store = metrics.instrumentStore(storeThat({ take }));
  await expect((async () => store.take([], 0))()).rejects.toThrow(StoreUnavailable);
  expect(await line('ostiary_counter_store_errors_total{store="memory",operation="take"}')).toBe(1);
  expect(await line('ostiary_counter_store_duration_seconds_count{store="memory",operation="take"}')).toBe(1);
});

test('whether the store answers is asked at each scrape', async () => {
  const { metrics, line } = scraped();
  let available = true;
  metrics.instrumentStore(storeThat({ health: () => ({ kind: 'memory', available, detail: '' }) }));
  expect(await line('ostiary_counter_store_available{store="memory"}')).toBe(1);
  available = false;
  expect(await line('ostiary_counter_store_available{store="memory"}')).toBe(0);
});

test('a faulty reload is told while the last good version stays', async () => {
  const { metrics, line } = scraped();
  metrics.config.loaded(snapshotOf('aaa'));
  metrics.config.rejected();
  expect(await line('ostiary_config_last_reload_successful')).toBe(0);
  expect(await line('ostiary_snapshot_info{version="aaa"}')).toBe(1);
  expect(await line('ostiary_config_last_reload_success_timestamp_seconds')).toBe(1_700_000_000);
  expect(await line('ostiary_config_reloads_total{result="failure"}')).toBe(1);

  metrics.config.loaded(snapshotOf('bbb'));
  expect(await line('ostiary_config_last_reload_successful')).toBe(1);
  expect(await line('ostiary_snapshot_info{version="bbb"}')).toBe(1);
  expect(await line('ostiary_snapshot_info{version="aaa"}')).toBeUndefined();
  expect(await line('ostiary_config_reloads_total{result="success"}')).toBe(2);
});

test('fetches of key sets are told by URL, without what may be secret in it', async () => {
  const { metrics, line, text } = scraped();
  const url = 'https://user:hunter2@issuer.example.com/jwks.json?api_key=hunter3';
  metrics.jwks.fetched({ url, result: 'success', durationMs: 20, endedAt: 1_700_000_000_000 });
  metrics.jwks.fetched({ url, result: 'failure', durationMs: 20, endedAt: 1_700_000_001_000 });
  const label = 'url="https://issuer.example.com/jwks.json"';
  expect(await line(`ostiary_jwks_fetches_total{${label},result="success"}`)).toBe(1);
  expect(await line(`ostiary_jwks_fetches_total{${label},result="failure"}`)).toBe(1);
  expect(await line(`ostiary_jwks_fetch_duration_seconds_count{${label}}`)).toBe(2);
  expect(await line(`ostiary_jwks_last_success_timestamp_seconds{${label}}`)).toBe(1_700_000_000);
  expect(await text()).not.toContain('hunter');
});

test('a certificate tells when it ends, in seconds', async () => {
  const { metrics, line } = scraped();
  metrics.tls.served('grpc', 1_800_000_000_000);
  expect(await line('ostiary_tls_certificate_not_after_timestamp_seconds{listener="grpc"}')).toBe(1_800_000_000);
});

test('the process and its version are told', async () => {
  const { line, text } = scraped();
  expect(await line(`ostiary_build_info{version="1.2.3",node="${process.versions.node}"}`)).toBe(1);
  expect(await text()).toMatch(/^process_resident_memory_bytes \d+$/m);
});

function scraped() {
  const clock = stoppedClock();
  const metrics = createMetrics({ clock, version: '1.2.3' });
  return { clock, metrics, ...scraperOf(metrics.registry) };
}

function fail(): never {
  throw new StoreUnavailable('away');
}

function storeThat(parts: Partial<CounterStore>): CounterStore {
  return {
    take: () => taking,
    peek: () => taking,
    reset: () => 0,
    health: () => ({ kind: 'memory', available: true, detail: '' }),
    close: () => Promise.resolve(),
    ...parts,
  };
}

function snapshotOf(version: string): Snapshot {
  return {
    version,
    loadedAt: 1_700_000_000_000,
    apis: [],
    clientApplications: 3,
    contracts: [],
  } as unknown as Snapshot;
}
