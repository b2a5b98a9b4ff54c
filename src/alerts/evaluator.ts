import type { Clock, Timers } from '../clock.ts';
import type { Egress } from '../egress/egress.ts';
import type { Log } from '../observe/log.ts';
import type { AlertCount, AlertMetrics, NotificationResult } from './alert-metrics.ts';
import { AlertStates } from './alert-states.ts';
import type { Changed, Occurred } from './alert-states.ts';
import { createKeeping } from './keeping.ts';
import type { Keeping } from './keeping.ts';
import type { AlertKeeper } from './kept-alerts.ts';
import { notificationsOf } from './notification.ts';
import type { Notification } from './notification.ts';
import { Outbox } from './outbox.ts';
import { measure } from './reading.ts';
import type { AlertSources, Measured } from './reading.ts';
import { isAboutTooFew, valueText } from './rule.ts';
import type { Alerting, AlertRule } from './rule.ts';
import { MOST_BREAK_MS, Watch } from './watch.ts';

export interface EvaluatorPorts {
  readonly sources: AlertSources;
  /** Returns the alerts in the documents in force. Called at each evaluation. */
  readonly alerting: () => Alerting;
  readonly keeper: AlertKeeper;
  readonly call: Egress['call'];
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly metrics: AlertMetrics;
  readonly log: Log;
  /** The name of this ostiary in messages. */
  readonly node: string;
  /** Called before it is stored that alerts fire, or have ended: each time again until that is. */
  readonly occurred?: ((occurred: readonly Occurred[], nowMs: number) => Promise<void>) | undefined;
}

/** The length of a slot, which is the shortest time between two evaluations. */
const SLOT_MS = 10_000;
/** How long after its end a slot is stored. */
const SETTLING_MS = 4000;
const LONGEST_PERIOD_MS = 60_000;
/** Longer ago, a break is only a small part of a window. */
const LONGEST_DOUBT_MS = 600_000;

/**
 * How often a rule is evaluated: ten times in its window, and at least every minute. For a quota, whose own window
 * may be a minute, more often.
 */
export function periodOf({ windowMs }: Pick<AlertRule, 'windowMs'>): number {
  if (windowMs === 0) return 2 * SLOT_MS;
  return Math.min(LONGEST_PERIOD_MS, Math.max(SLOT_MS, Math.floor(windowMs / 10 / SLOT_MS) * SLOT_MS));
}

/** Evaluates the alerts in the documents, remembers which are firing, and sends messages to webhooks. */
export class AlertEvaluator {
  readonly #ports: EvaluatorPorts;
  readonly #states = new AlertStates();
  readonly #watch: Watch;
  readonly #outbox: Outbox;
  readonly #keeping: Keeping;
  /** The rules whose state is unknown. */
  readonly #unknown = new Set<string>();
  /** For each rule: the last evaluation, counted in periods of the rule. */
  readonly #evaluated = new Map<string, number>();
  #keptAt = 0;
  #cancel = (): void => {};
  #isClosed = false;

  private constructor(ports: EvaluatorPorts, kept: Awaited<ReturnType<AlertKeeper['load']>>) {
    this.#ports = ports;
    this.#states.restore(kept?.alerts ?? []);
    this.#watch = new Watch(ports.clock, kept?.watched);
    this.#keeping = createKeeping(ports.keeper, ports.log, () => ({
      alerts: this.#states.all(),
      waiting: this.#outbox.waiting,
      watched: this.#watch.watched,
    }));
    this.#outbox = new Outbox(
      {
        ...ports,
        webhook: (name) => ports.alerting().webhooks.get(name),
        told: (notification, result, detail) => {
          this.#told(notification, result, detail);
        },
        save: async () => {
          await this.#keeping.save();
        },
      },
      kept?.waiting ?? [],
    );
    ports.metrics.observeStates(() => this.#counts());
  }

  /**
   * Loads the stored state, and starts.
   * @throws (rejects) Error if the state is shared and can't be read
   */
  static async open(ports: EvaluatorPorts): Promise<AlertEvaluator> {
    const evaluator = new AlertEvaluator(ports, await loadKept(ports));
    evaluator.#outbox.send();
    evaluator.#schedule();
    return evaluator;
  }

  /** Stores the state, and stops. */
  async close(): Promise<void> {
    this.stop();
    await this.#keeping.save();
  }

  /** Stops at once: another process has the state from now on. */
  stop(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#outbox.close();
    this.#ports.metrics.observeStates(() => []);
  }

  /** Evaluates the rules that are due now. Called by the timer, and by tests. */
  async evaluate(): Promise<void> {
    const nowMs = this.#ports.clock.now();
    const setByMs = this.#watch.look();
    if (setByMs !== 0) this.#clockWasSet(setByMs);
    const untilMs = Math.floor((nowMs - SETTLING_MS + 1000) / SLOT_MS) * SLOT_MS;
    const { rules } = this.#ports.alerting();
    const changes = [this.#forget(new Set(rules.map(({ name }) => name)))];
    for (const rule of rules) {
      const period = Math.floor(untilMs / periodOf(rule));
      if (this.#evaluated.get(rule.name) === period) continue;
      this.#evaluated.set(rule.name, period);
      const measured = await this.#measure(rule, untilMs);
      const gapMs = Math.max(2 * periodOf(rule), MOST_BREAK_MS);
      const unseenMs = this.#isWatched(rule, untilMs) ? 0 : this.#watch.watched.sinceMs;
      if (measured !== undefined) changes.push(this.#states.take(rule, measured, { nowMs, gapMs, unseenMs }));
    }
    const occurred = changes.flatMap((each) => each.occurred);
    for (const each of occurred) this.#tell(each, nowMs);
    if (occurred.length > 0) await this.#ports.occurred?.(occurred, nowMs);
    const isDue = Math.abs(nowMs - this.#keptAt) >= LONGEST_PERIOD_MS;
    if (!isDue && !changes.some(({ isNew }) => isNew)) return;
    this.#keptAt = nowMs;
    if (await this.#keeping.save()) this.#outbox.send();
    else this.#keptAt = 0;
  }

  /** Undefined: unknown; then alerts that are pending or firing stay so. */
  async #measure(rule: AlertRule, untilMs: number): Promise<readonly Measured[] | undefined> {
    const { sources, metrics, log } = this.#ports;
    let [measured, why]: [readonly Measured[] | undefined, string] = [undefined, ''];
    try {
      const reading = await measure(rule, sources, untilMs);
      if (isAboutTooFew(rule) && !(reading.isWhole && this.#isWatched(rule, untilMs)))
        why = 'requests have not been watched for as long as its window';
      else measured = reading.measured;
    } catch (error) {
      why = messageOf(error);
    }
    const wasUnknown = this.#unknown.has(rule.name);
    metrics.evaluated(measured === undefined ? 'unknown' : 'known');
    if (measured !== undefined) {
      if (wasUnknown) log.info('alert is evaluated again', { alert: rule.name });
      this.#unknown.delete(rule.name);
    } else {
      if (!wasUnknown) log.warn('alert is not evaluated: it stays as it is', { alert: rule.name, detail: why });
      this.#unknown.add(rule.name);
    }
    return measured;
  }

  /** Whether requests were observed for the whole window, or for the last part of a long one. */
  #isWatched({ windowMs }: AlertRule, untilMs: number): boolean {
    return this.#watch.watched.sinceMs <= untilMs - Math.min(windowMs, LONGEST_DOUBT_MS);
  }

  /** Ends alerts whose documents were removed. */
  #forget(names: ReadonlySet<string>): Changed {
    for (const name of this.#unknown) if (!names.has(name)) this.#unknown.delete(name);
    for (const name of this.#evaluated.keys()) if (!names.has(name)) this.#evaluated.delete(name);
    return this.#states.keepOnly(names);
  }

  #tell({ rule, transition, labels, value, sinceMs }: Occurred, nowMs: number): void {
    const { node, log } = this.#ports;
    this.#outbox.add(notificationsOf(rule, { transition, labels, value, sinceMs, nowMs, node }));
    const { api, contract } = labels;
    log[transition === 'firing' ? 'warn' : 'info'](`alert ${transition}`, {
      alert: rule.name,
      severity: rule.severity,
      ...(api !== undefined && { api }),
      ...(contract !== undefined && { contract }),
      ...(value !== undefined && { value: valueText(value, rule.metric) }),
    });
  }

  #told({ webhook, message }: Notification, result: NotificationResult, detail: string): void {
    const { metrics, log } = this.#ports;
    metrics.notified(webhook, result);
    const fields = { alert: message.alert, webhook, outcome: result, detail };
    if (result === 'delivered') log.debug('alert told', fields);
    else if (result === 'retried') log.warn('alert not told yet', fields);
    else log.error('alert not told', fields);
  }

  #clockWasSet(byMs: number): void {
    this.#states.shift(byMs);
    this.#ports.log.warn('the clock was set: alerts about too few requests begin anew', {
      detail: `by ${Math.round(byMs / 1000)} s`,
    });
  }

  #schedule(): void {
    const { clock, timers, log } = this.#ports;
    if (this.#isClosed) return;
    const delayMs = SLOT_MS - ((clock.now() - SETTLING_MS) % SLOT_MS);
    this.#cancel = timers.after(delayMs, () => {
      this.evaluate()
        .catch((error: unknown) => {
          log.error('alerts can not be evaluated', { detail: messageOf(error) });
        })
        .finally(() => {
          this.#schedule();
        });
    });
  }

  #counts(): readonly AlertCount[] {
    const unknown = this.#ports
      .alerting()
      .rules.filter(({ name }) => this.#unknown.has(name))
      .map(({ name, severity }) => ({ alert: name, severity, state: 'unknown', count: 1 }) as const);
    return [...this.#states.counts(), ...unknown];
  }
}

async function loadKept({ keeper, log }: EvaluatorPorts): ReturnType<AlertKeeper['load']> {
  try {
    return await keeper.load();
  } catch (error) {
    if (keeper.isShared) throw error;
    log.error('which alerts fired can not be read: they may be told twice', { detail: messageOf(error) });
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
