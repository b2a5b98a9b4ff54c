import { createAlertMetrics, createElectedMetric } from '../alerts/alert-metrics.ts';
import { alertSchema, alertTable, hasAlertState } from '../alerts/alert-table.ts';
import type { AlertTables } from '../alerts/alert-table.ts';
import type { AlertEvaluator } from '../alerts/evaluator.ts';
import { systemTimers as timers } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { openPostgres } from '../database/open-postgres.ts';
import { PostgresElection } from '../database/postgres-election.ts';
import type { AlertParts, AlertPlace, Alerts, OpenEvaluator } from './alerting.ts';

const APPLICATION = 'ostiary alerts';

/** Alerts on a history that several processes share in PostgreSQL: one of them evaluates, and the next goes on with its state. */
export function electedAlerts(url: string, parts: AlertParts, evaluate: OpenEvaluator): AlertPlace {
  let opening: Promise<Database<AlertTables>> | undefined;
  const open = (): Promise<Database<AlertTables>> =>
    (opening ??= openPostgres<AlertTables>({
      url,
      schema: alertSchema,
      connections: 1,
      applicationName: APPLICATION,
    }));
  return {
    hasState: async () => hasAlertState(await open()),
    open: async () => new ElectedAlerts(await open(), { ...parts, url, evaluate }),
  };
}

interface ElectedPorts extends AlertParts {
  readonly url: string;
  readonly evaluate: OpenEvaluator;
}

class ElectedAlerts implements Alerts {
  readonly #database: Database<AlertTables>;
  readonly #ports: ElectedPorts;
  readonly #metrics: ReturnType<typeof createAlertMetrics>;
  readonly #election: PostgresElection;
  /** Undefined: another process evaluates, or nobody. */
  #evaluator: Promise<AlertEvaluator | undefined> | undefined;
  #hasFailed = false;

  constructor(database: Database<AlertTables>, ports: ElectedPorts) {
    this.#database = database;
    this.#ports = ports;
    this.#metrics = createAlertMetrics(ports.metrics.registry);
    this.#election = new PostgresElection({
      url: ports.url,
      office: 'alerts',
      applicationName: APPLICATION,
      timers,
      random: Math.random,
      onElected: () => this.#begin(),
      onLost: () => this.#end(),
    });
    createElectedMetric(ports.metrics.registry, () => this.#election.isElected);
  }

  /** The state is stored before another process can be elected. */
  async close(): Promise<void> {
    const evaluator = this.#evaluator;
    this.#evaluator = undefined;
    await (await evaluator)?.close();
    await this.#election.close();
    await this.#database.close();
  }

  #begin(): void {
    const { evaluate, log } = this.#ports;
    const keeper = alertTable(this.#database, () => this.#election.resign());
    this.#evaluator = evaluate(keeper, this.#metrics).then(
      (evaluator) => {
        this.#hasFailed = false;
        log.info('alerts are evaluated here', { detail: 'for all that share the history' });
        return evaluator;
      },
      (error: unknown) => {
        const detail = error instanceof Error ? error.message : String(error);
        if (!this.#hasFailed) log.error('alerts are not evaluated', { detail });
        this.#hasFailed = true;
        this.#election.resign();
        return undefined;
      },
    );
  }

  #end(): void {
    const evaluator = this.#evaluator;
    this.#evaluator = undefined;
    if (evaluator !== undefined) void this.#stop(evaluator);
  }

  async #stop(evaluator: Promise<AlertEvaluator | undefined>): Promise<void> {
    const opened = await evaluator;
    if (opened === undefined) return;
    opened.stop();
    this.#ports.log.warn('alerts are no longer evaluated here', { detail: 'another ostiary goes on with them' });
  }
}
