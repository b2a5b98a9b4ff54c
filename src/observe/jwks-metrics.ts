import { Gauge, type Registry } from 'prom-client';
import { CounterFamily } from './counter-family.ts';
import { DurationFamily } from './duration-family.ts';

/** One fetch of one key set. */
export interface JwksFetch {
  readonly url: string;
  readonly result: 'success' | 'failure';
  readonly durationMs: number;
  /** Milliseconds since the Unix epoch, when it ended. */
  readonly endedAt: number;
}

export interface JwksMetrics {
  fetched(fetch: JwksFetch): void;
}

const BOUNDS_MS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

export function createJwksMetrics(registry: Registry): JwksMetrics {
  const fetches = new CounterFamily({
    registry,
    name: 'ostiary_jwks_fetches_total',
    help: 'Fetches of JSON Web Key Sets, by URL and result.',
    labels: ['url', 'result'],
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
    fetched({ url, result, durationMs, endedAt }) {
      const label = urlLabel(url);
      fetches.series(label, result).value += 1;
      durations.series(label).observeMs(durationMs);
      if (result === 'success') lastSuccess.set({ url: label }, endedAt / 1000);
    },
  };
}

/** Scheme, host and path: the user part and the query may hold a secret. */
export function urlLabel(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? '_invalid' : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
