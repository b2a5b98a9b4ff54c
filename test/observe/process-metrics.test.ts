import { expect, test } from 'vitest';
import type { KeySetFetch } from '../../src/jwt/key-set-report.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { CounterStore, Taking } from '../../src/quota/store.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { stoppedClock } from './decisions.ts';
import { scraperOf } from './scrape.ts';

const TAKING: Taking = { granted: true, windows: [] };

test('the store answers through its metrics as without them, synchronously too', async () => {
  const { metrics } = scraped();
  const store = metrics.instrumentStore(storeThat({ take: () => TAKING, peek: () => Promise.resolve(TAKING) }));
  expect(store.take([], 0)).toBe(TAKING);
  expect(await store.peek([], 0)).toBe(TAKING);
});

test('the time the store takes is told by operation', async () => {
  const { metrics, clock, line } = scraped();
  const store = metrics.instrumentStore(
    storeThat({
      take() {
        clock.advance(3);
        return TAKING;
      },
    }),
  );
  void store.take([], 0);
  const take = 'store="memory",operation="take"';
  expect(await line(`ostiary_store_duration_seconds_bucket{${take},le="0.0025"}`)).toBe(0);
  expect(await line(`ostiary_store_duration_seconds_bucket{${take},le="0.005"}`)).toBe(1);
  expect(await line(`ostiary_store_duration_seconds_sum{${take}}`)).toBe(0.003);
});

test.each([
  ['throws', () => fail()],
  ['rejects', () => Promise.resolve().then(fail)],
])('a store that %s is counted, and its failure goes on to the policy', async (_how, take) => {
  const { metrics, line } = scraped();
  const store = metrics.instrumentStore(storeThat({ take }));
  await expect((async () => store.take([], 0))()).rejects.toThrow(StoreUnavailable);
  expect(await line('ostiary_store_errors_total{store="memory",operation="take"}')).toBe(1);
  expect(await line('ostiary_store_duration_seconds_count{store="memory",operation="take"}')).toBe(1);
});

test('whether the store answers is asked at each scrape', async () => {
  const { metrics, line } = scraped();
  let available = true;
  metrics.instrumentStore(storeThat({ health: () => ({ kind: 'memory', available, detail: '' }) }));
  expect(await line('ostiary_store_available{store="memory"}')).toBe(1);
  available = false;
  expect(await line('ostiary_store_available{store="memory"}')).toBe(0);
});

test('a faulty reload is told while the last good version stays', async () => {
  const { metrics, line } = scraped();
  metrics.config.loaded(snapshotOf('aaa'));
  metrics.config.rejected(snapshotOf('aaa'), 3);
  expect(await line('ostiary_config_last_reload_successful')).toBe(0);
  expect(await line('ostiary_config_held_documents')).toBe(3);
  expect(await line('ostiary_snapshot_info{version="aaa"}')).toBe(1);
  expect(await line('ostiary_config_last_reload_success_timestamp_seconds')).toBe(1_700_000_000);
  expect(await line('ostiary_config_reloads_total{result="failure"}')).toBe(1);

  metrics.config.loaded(snapshotOf('bbb'));
  expect(await line('ostiary_config_held_documents')).toBe(0);
  expect(await line('ostiary_config_last_reload_successful')).toBe(1);
  expect(await line('ostiary_snapshot_info{version="bbb"}')).toBe(1);
  expect(await line('ostiary_snapshot_info{version="aaa"}')).toBeUndefined();
  expect(await line('ostiary_config_reloads_total{result="success"}')).toBe(2);
});

test('fetches of key sets are told by URL and outcome', async () => {
  const { metrics, line } = scraped();
  const fetched: KeySetFetch = {
    url: 'https://issuer.example.com/jwks.json',
    outcome: 'success',
    durationMs: 20,
    endedAt: 1_700_000_000_000,
    detail: '',
    keys: 1,
    withdrawn: 0,
    ignored: [],
  };
  metrics.jwks.fetched(fetched);
  metrics.jwks.fetched({ ...fetched, outcome: 'timeout', endedAt: 1_700_000_001_000 });
  const label = 'url="https://issuer.example.com/jwks.json"';
  expect(await line(`ostiary_jwks_fetches_total{${label},outcome="success"}`)).toBe(1);
  expect(await line(`ostiary_jwks_fetches_total{${label},outcome="timeout"}`)).toBe(1);
  expect(await line(`ostiary_jwks_fetch_duration_seconds_count{${label}}`)).toBe(2);
});

test('key sets in use tell whether and when they were loaded; those of no document any more tell nothing', async () => {
  const { metrics, line } = scraped();
  const set = {
    url: 'https://a.example.com/keys',
    lastSuccess: 1_700_000_000_000,
    keys: 1,
    failing: false,
    detail: '',
  };
  let sets = [set, { ...set, lastSuccess: 1_600_000_000_000 }, { ...set, url: 'https://b/', lastSuccess: undefined }];
  metrics.jwks.observe(() => sets);
  // Two URLs that differ in their queries look the same: the older one counts.
  expect(await line('ostiary_jwks_last_success_timestamp_seconds{url="https://a.example.com/keys"}')).toBe(1.6e9);
  expect(await line('ostiary_jwks_loaded{url="https://a.example.com/keys"}')).toBe(1);
  expect(await line('ostiary_jwks_loaded{url="https://b/"}')).toBe(0);
  expect(await line('ostiary_jwks_last_success_timestamp_seconds{url="https://b/"}')).toBeUndefined();
  sets = [];
  expect(await line('ostiary_jwks_loaded{url="https://b/"}')).toBeUndefined();
});

test('a certificate tells when it ends, in seconds', async () => {
  const { metrics, line } = scraped();
  metrics.tls.served('grpc', 1_800_000_000_000);
  expect(await line('ostiary_tls_certificate_not_after_timestamp_seconds{listener="grpc"}')).toBe(1_800_000_000);
});

test('the sums of a listener are read when they are scraped', async () => {
  const { metrics, line } = scraped();
  const observer = metrics.observeTransport('grpc');
  observer.counters.connectionsOpened += 3;
  observer.counters.connectionsClosed += 1;
  observer.counters.bytesRead += 1700;
  observer.onAbuse('rapid_reset');
  expect(await line('ostiary_rpc_connections{listener="grpc"}')).toBe(2);
  expect(await line('ostiary_rpc_read_bytes_total{listener="grpc"}')).toBe(1700);
  expect(await line('ostiary_rpc_abuse_total{listener="grpc",kind="rapid_reset"}')).toBe(1);
  observer.counters.bytesRead += 1;
  expect(await line('ostiary_rpc_read_bytes_total{listener="grpc"}')).toBe(1701);
});

test('what becomes of shared quota is told in units', async () => {
  const { metrics, line } = scraped();
  const { counters } = metrics;
  for (let i = 0; i < 20; i++) counters.hit('lease');
  counters.hit('store');
  counters.storeCall('take', 'answered', 0.4);
  counters.leased(16);
  counters.stranded(3, 'lease_died');
  counters.circuit(true);
  counters.outageAdmission('local');
  expect(await line('ostiary_quota_hits_total{by="lease"}')).toBe(20);
  expect(await line('ostiary_quota_hits_total{by="store"}')).toBe(1);
  const call = 'ostiary_store_call_duration_seconds';
  expect(await line(`${call}_bucket{script="take",outcome="answered",le="0.00025"}`)).toBe(0);
  expect(await line(`${call}_bucket{script="take",outcome="answered",le="0.0005"}`)).toBe(1);
  expect(await line('ostiary_quota_leased_units_total')).toBe(16);
  expect(await line('ostiary_quota_stranded_units_total{reason="lease_died"}')).toBe(3);
  expect(await line('ostiary_store_circuit_open')).toBe(1);
  expect(await line('ostiary_quota_fallback_admissions_total{by="local"}')).toBe(1);
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
    take: () => TAKING,
    peek: () => TAKING,
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
    contractCount: 0,
  } as unknown as Snapshot;
}
