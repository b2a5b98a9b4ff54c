import { systemClock as clock } from '../clock.ts';
import { createLog, standardOutput } from '../observe/log.ts';
import type { Log } from '../observe/log.ts';
import { createMetrics } from '../observe/metrics.ts';
import type { Metrics } from '../observe/metrics.ts';
import { createObserver } from '../observe/observer.ts';
import type { Observer } from '../observe/observer.ts';
import { productVersion } from '../product.ts';
import { clientAddress } from '../request/client-address.ts';
import { locateOptionsOf } from './locate-flags.ts';
import type { ServeFlags } from './serve-flags.ts';

/** The receivers of a process's reports. */
export interface Reporting {
  readonly metrics: Metrics;
  readonly observer: Observer;
  readonly log: Log;
}

/** More decision lines a second are counted, not written. */
const MAX_DECISION_LINES_PER_SECOND = 1000;

/** Made first, so that everything else can report. */
export function createReporting(flags: ServeFlags): Reporting {
  const locating = locateOptionsOf(flags);
  const metrics = createMetrics({ clock, version: productVersion() });
  const log = createLog(
    flags.logLevel,
    standardOutput(() => metrics.log.dropped()),
    () => clock.now(),
  );
  // The Redis client warns on the console: standard error stays for the command line.
  const warned = new Set<string>();
  console.warn = (warning: unknown) => {
    const detail = String(warning).slice(0, 500);
    // It says the same at every connection.
    if (warned.size < 100 && !warned.has(detail)) log.warn('library', { detail });
    warned.add(detail);
  };
  const observer = createObserver({
    metrics,
    log,
    clock,
    allowRate: flags.logAllowRate,
    maxLinesPerSecond: MAX_DECISION_LINES_PER_SECOND,
    random: Math.random,
    clientAddress: (check) => clientAddress(check, locating),
  });
  return { metrics, observer, log };
}
