import type { Clock } from '../clock.ts';
import type { History } from '../history/history.ts';
import type { AnalyticsDesk, MissingNode } from '../operator/analytics-desk.ts';
import type { SidecarStore } from '../sync/sidecar-store.ts';

export interface MissingNodesPorts {
  readonly history: Pick<History, 'latest'>;
  readonly sidecars: Pick<SidecarStore, 'list'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** A slot of ten seconds comes this soon after it has ended. */
const USUAL_DELAY_MS = 30_000;

/** Which sidecars' counts of a time have not all come: of those that have joined, and have not left since. */
export function missingNodes({ history, sidecars, clock }: MissingNodesPorts): NonNullable<AnalyticsDesk['missing']> {
  return async (sinceMs, untilMs) => {
    const [latest, all] = await Promise.all([history.latest(), sidecars.list()]);
    const due = Math.min(untilMs, clock.now() - USUAL_DELAY_MS);
    const missing: MissingNode[] = [];
    for (const { node, joinedAt, hasLeft, lastContactAt } of all) {
      const end = hasLeft ? Math.min(due, lastContactAt - USUAL_DELAY_MS) : due;
      const reachedMs = Math.max(latest.get(node) ?? 0, joinedAt);
      if (reachedMs < end && end > sinceMs) missing.push({ node, sinceMs: reachedMs });
    }
    return missing.toSorted((a, b) => a.sinceMs - b.sinceMs);
  };
}
