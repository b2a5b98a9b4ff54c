import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { AlertEvaluator } from '../alerts/evaluator.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import type { SlotArchive } from '../rollup/question.ts';
import type { Decider } from './decider.ts';
import type { ServeFlags } from './serve-flags.ts';

export interface Alerts {
  /** Keeps what fires, and ends. */
  close(): Promise<void>;
}

type Parts = Pick<Decider, 'documents' | 'egress' | 'log' | 'metrics' | 'store'>;

/** Which alerts fire, and what is still to be told. */
const FILE = 'alerts.json';

/**
 * Evaluates the alerts of the documents on what is kept of requests, where there is a folder to remember them in. It
 * loads nothing of it before documents have an alert.
 */
export function followAlerts(flags: ServeFlags, parts: Parts, archive: SlotArchive): Alerts | undefined {
  const { dataDir, nodeId } = flags;
  if (dataDir === undefined) return undefined;
  const { documents, log } = parts;
  const path = join(dataDir, FILE);
  let opening: Promise<AlertEvaluator | undefined> | undefined;
  const begin = (): void => {
    // What fired before a start, by a document that has gone since, has still to be ended.
    if (documents.alerting().rules.length === 0 && !existsSync(path)) return;
    opening ??= openEvaluator(path, nodeId ?? hostname(), parts, archive).catch((error: unknown) => {
      log.error('alerts are not evaluated', { detail: error instanceof Error ? error.message : String(error) });
      return undefined;
    });
  };
  const unfollow = documents.onChange(begin);
  begin();
  return {
    async close() {
      unfollow();
      await (await opening)?.close();
    },
  };
}

async function openEvaluator(
  path: string,
  node: string,
  { documents, egress, log, metrics, store }: Parts,
  archive: SlotArchive,
): Promise<AlertEvaluator> {
  const [{ AlertEvaluator: Evaluator }, { createAlertMetrics }, { alertFile }, { quotaUses }] = await Promise.all([
    import('../alerts/evaluator.ts'),
    import('../alerts/alert-metrics.ts'),
    import('../alerts/kept-alerts.ts'),
    import('./quota-uses.ts'),
  ]);
  return Evaluator.open({
    sources: {
      archive,
      quotas: quotaUses({ snapshot: () => documents.current(), store, monotonic: () => clock.monotonic() }),
    },
    alerting: () => documents.alerting(),
    keeper: alertFile(path),
    call: (call) => egress.call(call),
    clock,
    timers,
    random: Math.random,
    metrics: createAlertMetrics(metrics.registry),
    log,
    node,
  });
}
