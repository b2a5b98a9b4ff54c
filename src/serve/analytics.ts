import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAccessLogService } from '../analytics/access-log-service.ts';
import type { AccessLogService } from '../analytics/access-log-service.ts';
import { tellDecisions } from '../analytics/cube-feed.ts';
import type { EventTaker } from '../analytics/event.ts';
import type { Mark } from '../analytics/mark.ts';
import { epochText } from '../analytics/tags.ts';
import { systemTimers } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { Cube } from '../rollup/cube.ts';
import type { SlotTaker } from '../rollup/slot.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Accounting } from './accounting.ts';
import { openSamples, samplePlaceOf } from './analytics-samples.ts';
import type { OpenSamples, SamplePlace } from './analytics-samples.ts';
import { decisionsIn, isLogWanted, watchForLog } from './missing-log.ts';
import type { ServeFlags } from './serve-flags.ts';
import { tellSetClock } from './tell-clock.ts';

/** Others answer sooner, if at all. */
const SETTLE_MS = 1000;

export interface AnalyticsParts {
  readonly accounting: Accounting;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly snapshot: () => Snapshot;
  readonly environment: NodeJS.ProcessEnv;
  /** Receive an event for each request. */
  readonly takers: readonly EventTaker[];
  readonly onFirstStream: (() => void) | undefined;
}

export interface Analytics {
  readonly accessLog: AccessLogService;
  readonly samples: OpenSamples;
  /** From now on requests are counted in slots. */
  addSlotTaker(taker: SlotTaker): void;
  /** How accounts of decisions are now. */
  mark(isLast: boolean): Mark;
  /** Gives out the slot under way, after entries that wait for what other processes say of them. */
  close(): Promise<void>;
}

/** Opens everything that reads Envoy's access log and counts its entries. */
export function openAnalytics(flags: ServeFlags, parts: AnalyticsParts): Analytics {
  const { metrics, clock, snapshot, log, accounting, takers } = parts;
  // Envoy also logs requests without a decision: their events have no decision's id.
  const ownIds = randomBytes(9).toString('base64url');
  let made = 0;
  const mostSeries = flags.analyticsSeries;
  const node = flags.nodeId ?? hostname();
  let cube: Cube | undefined;
  let untellClock = (): void => {};
  // The log of one worker may come to another, so their owner watches.
  const isWatched = flags.workers === 1 && isLogWanted(flags);
  const decided = (): Promise<number> => decisionsIn(metrics.registry);
  const missing = isWatched
    ? watchForLog({ registry: metrics.registry, log, timers: systemTimers, decided })
    : undefined;
  const samples = openSamples({ names: snapshot, now: () => clock.now() }, samplePlace(flags, parts));
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
    onFirstStream() {
      void samples.start();
      missing?.found();
      parts.onFirstStream?.();
    },
    samples: samples.current,
    accounts: accounting.completeness.accounts,
    sharing: accounting.sharing,
    monotonic: () => clock.monotonic(),
    timers: systemTimers,
    log,
  });
  return {
    accessLog,
    samples,
    addSlotTaker(taker) {
      if (cube === undefined) {
        const epoch = epochText(accounting.completeness.accounts.epoch.number);
        cube = new Cube({ node, epoch, mostSeries }, { clock, timers: systemTimers });
        untellClock = tellSetClock({ clock, timers: systemTimers, log });
        const { completeness } = accounting;
        const fed = cube;
        completeness.follow((spans) => tellDecisions(fed, spans));
        fed.beforeSlots(() => completeness.turn());
      }
      cube.addTaker(taker);
    },
    mark(isLast) {
      const slots = cube?.ended ?? 0;
      return accounting.completeness.accounts.mark({ node, madeAtMs: clock.now(), isLast, slots });
    },
    async close() {
      missing?.close();
      untellClock();
      await Promise.race([accessLog.settled(), sleep(SETTLE_MS, undefined, { ref: false })]);
      cube?.close();
      await samples.close();
    },
  };
}

function samplePlace(
  flags: ServeFlags,
  { accounting, environment, log, metrics }: AnalyticsParts,
): SamplePlace | undefined {
  const epoch = epochText(accounting.completeness.accounts.epoch.number);
  return samplePlaceOf(flags, environment, { epoch, registry: metrics.registry, log });
}
