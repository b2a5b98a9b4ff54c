import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { AlertMetrics } from '../alerts/alert-metrics.ts';
import type { AlertEvaluator, EvaluatorPorts } from '../alerts/evaluator.ts';
import type { AlertKeeper } from '../alerts/kept-alerts.ts';
import type { AlertSources } from '../alerts/reading.ts';
import type { Alerting } from '../alerts/rule.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import type { SlotArchive } from '../rollup/question.ts';
import type { Decider } from './decider.ts';
import type { ServeFlags } from './serve-flags.ts';

export interface Alerts {
  /** Stores which alerts are firing, and stops. */
  close(): Promise<void>;
}

export interface AlertParts extends Pick<Decider, 'egress' | 'log' | 'metrics'> {
  readonly documents: { alerting(): Alerting; onChange(listener: () => void): () => void };
  readonly quotas: () => Promise<AlertSources['quotas']>;
  readonly occurred?: EvaluatorPorts['occurred'];
}

/** Where the history is, and the state of alerts. */
export type AlertFlags = Pick<ServeFlags, 'dataDir' | 'nodeId' | 'analyticsDatabase'>;

/** Quotas are those of a process that decides. */
export function withQuotas(parts: Pick<Decider, 'documents' | 'egress' | 'log' | 'metrics' | 'store'>): AlertParts {
  const { documents, store } = parts;
  return {
    ...parts,
    async quotas() {
      const { quotaUses } = await import('./quota-uses.ts');
      return quotaUses({ snapshot: () => documents.current(), store, monotonic: () => clock.monotonic() });
    },
  };
}

/** What evaluates alerts, and where their state lies. */
export interface AlertPlace {
  /** Whether alerts may be firing since an earlier time: they must end, even if their documents were removed. */
  hasState(): Promise<boolean>;
  open(): Promise<Alerts>;
}

/** Opens an evaluator on a state. */
export type OpenEvaluator = (keeper: AlertKeeper, metrics: AlertMetrics) => Promise<AlertEvaluator>;

/** Stores which alerts are firing, and messages that were not sent yet. */
const FILE = 'alerts.json';

/**
 * Evaluates the alerts in the documents on the history of requests. Where processes share the history in a database,
 * one of them does it for all. Code for it is loaded when documents have an alert.
 */
export function followAlerts(flags: AlertFlags, parts: AlertParts, archive: SlotArchive): Alerts | undefined {
  const { dataDir, nodeId, analyticsDatabase: url } = flags;
  const { documents, log } = parts;
  const evaluate = openEvaluator(nodeId ?? hostname(), parts, archive);
  const place = url === undefined ? dataDir && inFolder(dataDir, parts, evaluate) : inDatabase(url, parts, evaluate);
  if (place === undefined || place === '') return undefined;
  let opening: Promise<Alerts | undefined> | undefined;
  const failed = (error: unknown): undefined => {
    log.error('alerts are not evaluated', { detail: error instanceof Error ? error.message : String(error) });
    return undefined;
  };
  const begin = (): void => {
    opening ??= place.open().catch(failed);
  };
  const beginIfThereAreAny = (): void => {
    if (documents.alerting().rules.length > 0) begin();
  };
  const unfollow = documents.onChange(beginIfThereAreAny);
  beginIfThereAreAny();
  const lookForState = async (): Promise<void> => {
    try {
      if (await place.hasState()) begin();
    } catch (error) {
      failed(error);
    }
  };
  const looked = lookForState();
  return {
    async close() {
      unfollow();
      await looked;
      await (await opening)?.close();
    },
  };
}

function inFolder(dataDir: string, { metrics }: AlertParts, evaluate: OpenEvaluator): AlertPlace {
  const path = join(dataDir, FILE);
  return {
    hasState: () => Promise.resolve(existsSync(path)),
    async open() {
      const [{ alertFile }, { createAlertMetrics }] = await Promise.all([
        import('../alerts/kept-alerts.ts'),
        import('../alerts/alert-metrics.ts'),
      ]);
      return evaluate(alertFile(path), createAlertMetrics(metrics.registry));
    },
  };
}

function inDatabase(url: string, parts: AlertParts, evaluate: OpenEvaluator): AlertPlace {
  let loading: Promise<AlertPlace> | undefined;
  const load = (): Promise<AlertPlace> =>
    (loading ??= import('./elected-alerts.ts').then(({ electedAlerts }) => electedAlerts(url, parts, evaluate)));
  return {
    hasState: async () => (await load()).hasState(),
    open: async () => (await load()).open(),
  };
}

function openEvaluator(
  node: string,
  { documents, egress, log, occurred, quotas }: AlertParts,
  archive: SlotArchive,
): OpenEvaluator {
  return async (keeper, metrics) => {
    const { AlertEvaluator: Evaluator } = await import('../alerts/evaluator.ts');
    return Evaluator.open({
      sources: {
        archive,
        quotas: await quotas(),
      },
      alerting: () => documents.alerting(),
      keeper,
      call: (call) => egress.call(call),
      clock,
      timers,
      random: Math.random,
      metrics,
      log,
      node,
      occurred,
    });
  };
}
