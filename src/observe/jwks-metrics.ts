import { Gauge } from './prometheus.ts';
import type { Registry } from './prometheus.ts';
import type { KeySetFetch, KeySetStatus } from '../jwt/key-set-report.ts';
import { CounterFamily } from './counter-family.ts';
import { DurationFamily } from './duration-family.ts';

export interface JwksMetrics {
  /** After every fetch of a key set, successful or not. */
  fetched(fetch: KeySetFetch): void;
  /** @param status returns the state of each set that documents in force name */
  observe(status: () => readonly KeySetStatus[]): void;
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
  let status = (): readonly KeySetStatus[] => [];
  // Read at each scrape: a set that is no longer in any document must not cause an alarm.
  const perSet = (name: string, help: string, valueOf: (set: KeySetStatus) => number | undefined): void => {
    void new Gauge({
      name,
      help,
      labelNames: ['url'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [url, value] of worst(status(), valueOf)) this.set({ url }, value);
      },
    });
  };
  perSet('ostiary_jwks_loaded', '1 where a key set was loaded, 0 where it never was.', ({ lastSuccess }) =>
    lastSuccess === undefined ? 0 : 1,
  );
  perSet(
    'ostiary_jwks_last_success_timestamp_seconds',
    'When a key set was last fetched, in seconds since the Unix epoch.',
    ({ lastSuccess }) => lastSuccess && lastSuccess / 1000,
  );
  return {
    observe(tell) {
      status = tell;
    },
    fetched({ url, outcome, durationMs }) {
      fetches.series(url, outcome).value += 1;
      durations.series(url).observeMs(durationMs);
    },
  };
}

/** URLs are shown without their query, so several sets can have the same one. */
function worst(
  sets: readonly KeySetStatus[],
  valueOf: (set: KeySetStatus) => number | undefined,
): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const set of sets) {
    const value = valueOf(set);
    if (value !== undefined) values.set(set.url, Math.min(value, values.get(set.url) ?? Infinity));
  }
  return values;
}
