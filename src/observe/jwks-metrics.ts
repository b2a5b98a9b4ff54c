import { Gauge, type Registry } from 'prom-client';
import type { KeySetFetch } from '../jwt/key-set-report.ts';
import { CounterFamily } from './counter-family.ts';
import { DurationFamily } from './duration-family.ts';

export interface JwksMetrics {
  /** After every fetch of a key set, whatever came of it. */
  fetched(fetch: KeySetFetch): void;
}

const BOUNDS_MS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

export function createJwksMetrics(registry: Registry): JwksMetrics {
  const fetches = new CounterFamily({
    registry,
    name: 'ostiary_jwks_fetches_total',
    help: 'Fetches of JSON Web Key Sets, by URL and outcome.',
    labels: ['url', 'outcome'],
  });
  const durations = new DurationFamily({
    registry,
    name: 'ostiary_jwks_fetch_duration_seconds',
    help: 'Time a fetch of a key set took, failures included.',
    labels: ['url'],
    boundsMs: BOUNDS_MS,
  });
  const lastSuccess = new Gauge({
    name: 'ostiary_jwks_last_success_timestamp_seconds',
    help: 'When a key set was last fetched, in seconds since the Unix epoch.',
    labelNames: ['url'],
    registers: [registry],
  });
  return {
    fetched({ url, outcome, durationMs, endedAt }) {
      fetches.series(url, outcome).value += 1;
      durations.series(url).observeMs(durationMs);
      if (outcome === 'success') lastSuccess.set({ url }, endedAt / 1000);
    },
  };
}
