import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { createAccessLogService } from '../analytics/access-log-service.ts';
import type { AccessLogService } from '../analytics/access-log-service.ts';
import type { EventTaker } from '../analytics/event.ts';
import { systemTimers } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Metrics } from '../observe/metrics.ts';
import { Cube } from '../rollup/cube.ts';
import type { SlotTaker } from '../rollup/slot.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { openSamples } from './analytics-samples.ts';
import type { OpenSamples } from './analytics-samples.ts';
import type { ServeFlags } from './serve-flags.ts';

export interface AnalyticsParts {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly snapshot: () => Snapshot;
  /** Who is told of each request. */
  readonly takers: readonly EventTaker[];
}

export interface Analytics {
  readonly accessLog: AccessLogService;
  readonly samples: OpenSamples;
  /** From now on requests are counted in slots. */
  addSlotTaker(taker: SlotTaker): void;
  /** Gives out the slot under way. */
  close(): void;
}

/** What Envoy's access log is read with, and what is made of it. */
export function openAnalytics(flags: ServeFlags, { metrics, clock, snapshot, takers }: AnalyticsParts): Analytics {
  // Envoy logs requests too that nobody decided: their events have no id of a decision.
  const ownIds = randomBytes(9).toString('base64url');
  let made = 0;
  const mostSeries = flags.analyticsSeries;
  let cube: Cube | undefined;
  const samples = openSamples({ names: snapshot, now: () => clock.now() });
  const accessLog = createAccessLogService({
    registry: metrics.registry,
    families: metrics.families,
    mostSeries,
    seed: randomBytes(4).readUInt32BE(),
    cube: () => cube,
    names: snapshot,
    now: () => clock.now(),
    newId: () => `${ownIds}.${(made++).toString(36)}`,
    clientAddress: flags.clientAddress,
    takers,
    onFirstStream: () => void samples.start(),
  });
  return {
    accessLog,
    samples,
    addSlotTaker(taker) {
      const epoch = randomBytes(4).toString('hex');
      cube ??= new Cube({ node: flags.nodeId ?? hostname(), epoch, mostSeries }, { clock, timers: systemTimers });
      cube.addTaker(taker);
    },
    close() {
      cube?.close();
    },
  };
}
