import { randomBytes } from 'node:crypto';
import { createAccessLogService } from '../analytics/access-log-service.ts';
import type { AccessLogService } from '../analytics/access-log-service.ts';
import type { EventTaker } from '../analytics/event.ts';
import type { Clock } from '../clock.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { ServeFlags } from './serve-flags.ts';

export interface AnalyticsParts {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly snapshot: () => Snapshot;
}

/** What Envoy's access log is read with. */
export function openAnalytics(flags: ServeFlags, { metrics, clock, snapshot }: AnalyticsParts): AccessLogService {
  const takers: readonly EventTaker[] = [];
  // Envoy logs requests too that nobody decided: their events have no id of a decision.
  const ownIds = randomBytes(9).toString('base64url');
  let made = 0;
  return createAccessLogService({
    registry: metrics.registry,
    names: snapshot,
    now: () => clock.now(),
    newId: () => `${ownIds}.${(made++).toString(36)}`,
    clientAddress: flags.clientAddress,
    takers,
  });
}
