import type { AlertMetrics, NotificationResult } from '../../src/alerts/alert-metrics.ts';
import { AlertEvaluator } from '../../src/alerts/evaluator.ts';
import type { EvaluatorPorts } from '../../src/alerts/evaluator.ts';
import type { Message } from '../../src/alerts/notification.ts';
import type { KeptAlerts } from '../../src/alerts/kept-alerts.ts';
import type { QuotaUse } from '../../src/alerts/reading.ts';
import type { AlertRule, Webhook } from '../../src/alerts/rule.ts';
import type { EgressAnswer, EgressCall } from '../../src/egress/egress.ts';
import { createLog } from '../../src/observe/log.ts';
import { ManualTime } from '../jwt/manual-time.ts';
import { Story } from './story.ts';
import type { Requests } from './story.ts';

export const SLOT = 10_000;

export const requestsOf =
  (world: World) =>
  (count: number, more: Partial<Requests> = {}) =>
  (startMs: number): void =>
    world.story.add(startMs, { api: 'orders', outcome: 'processed', status: '200', count, ...more });

/** An evaluator over a story, whose time is moved by hand, and what it tells. */
export class World {
  readonly time = new ManualTime();
  readonly story = new Story();
  rules: readonly AlertRule[];
  quotas: readonly QuotaUse[] = [];
  webhooks = new Map<string, Webhook>([['ops', { name: 'ops', url: 'https://hooks.example.com/', format: 'json' }]]);
  /** What the webhook answers next; the last one again and again. */
  answers: (number | 'no answer')[] = [200];
  readonly posted: { readonly call: EgressCall; readonly at: number }[] = [];
  readonly lines: { readonly msg: string; readonly level: string }[] = [];
  readonly results: NotificationResult[] = [];
  kept: KeptAlerts | undefined;
  /** The disk is full, or the database away. */
  isFull = false;
  /** The state is in a database that others have too. */
  isShared = false;
  isUnreadable = false;
  evaluator: AlertEvaluator | undefined;
  #states: Parameters<AlertMetrics['observeStates']>[0] = () => [];

  constructor(...rules: readonly AlertRule[]) {
    this.rules = rules;
  }

  async open(): Promise<void> {
    const ports: EvaluatorPorts = {
      sources: { archive: this.story, quotas: () => Promise.resolve(this.quotas) },
      alerting: () => ({ rules: this.rules, webhooks: this.webhooks }),
      keeper: {
        isShared: this.isShared,
        load: () =>
          this.isUnreadable ? Promise.reject(new Error('unreadable')) : Promise.resolve(structuredClone(this.kept)),
        save: (kept) => {
          if (this.isFull) return Promise.reject(new Error('no space left'));
          this.kept = structuredClone(kept);
          return Promise.resolve();
        },
      },
      call: (call) => this.#answer(call),
      clock: this.time,
      timers: this.time,
      random: () => 1,
      metrics: {
        observeStates: (states) => {
          this.#states = states;
        },
        evaluated: () => {},
        notified: (_, result) => this.results.push(result),
      },
      log: createLog(
        'debug',
        { write: (line) => void this.lines.push(JSON.parse(line) as { msg: string; level: string }) },
        () => this.time.now(),
      ),
      node: 'node-1',
    };
    this.evaluator = await AlertEvaluator.open(ports);
  }

  /** As after `kill -9`: what was kept is there, and nothing else. */
  async crash(): Promise<void> {
    const kept = structuredClone(this.kept);
    await this.evaluator?.close();
    this.kept = kept;
    await this.open();
  }

  /** @returns the start of the slot that runs */
  get slotStart(): number {
    return Math.floor(this.time.now() / SLOT) * SLOT;
  }

  /** Lets slots pass, with what happens in each, and the evaluations that follow. */
  async slots(count: number, happens: (startMs: number) => void = () => {}): Promise<void> {
    for (let slot = 0; slot < count; slot++) {
      happens(this.slotStart);
      await this.pass(SLOT);
    }
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1000) {
      this.time.advance(1000);
      await this.settle();
    }
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  get told(): readonly string[] {
    return this.posted.map(({ call }) => {
      const { status, alert, labels } = JSON.parse(call.body ?? '') as Message;
      return `${alert} ${Object.values(labels).join()} ${status}`;
    });
  }

  get states(): readonly string[] {
    return this.#states().map(({ alert, state, count }) => `${alert} ${state} ${count}`);
  }

  #answer(call: EgressCall): Promise<EgressAnswer> {
    this.posted.push({ call, at: this.time.now() });
    const [next = 200] = this.answers;
    if (this.answers.length > 1) this.answers.shift();
    if (next === 'no answer') return Promise.reject(new Error('it can not be reached'));
    return Promise.resolve({ status: next, contentType: '', text: '' });
  }
}
