import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { AlertEvaluator } from '../alerts/evaluator.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import type { SlotArchive } from '../rollup/question.ts';
import type { Decider } from './decider.ts';
import type { ServeFlags } from './serve-flags.ts';

export interface Alerts {
  /** Stores which alerts are firing, and stops. */
  close(): Promise<void>;
}

type Parts = Pick<Decider, 'documents' | 'egress' | 'log' | 'metrics' | 'store'>;

/** Stores which alerts are firing, and messages that were not sent yet. */
const FILE = 'alerts.json';

/**
 * Evaluates the alerts in the documents on the history of requests, if there is a folder to store their state in. It
 * loads its code when documents have an alert.
 */
export function followAlerts(flags: ServeFlags, parts: Parts, archive: SlotArchive): Alerts | undefined {
  const { dataDir, nodeId } = flags;
  if (dataDir === undefined) return undefined;
  const { documents, log } = parts;
  const path = join(dataDir, FILE);
  let opening: Promise<AlertEvaluator | undefined> | undefined;
  const begin = (): void => {
    // Alerts that were firing before a restart must end, even if their documents were removed since.
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
