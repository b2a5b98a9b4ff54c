import type { AlertCount } from './alert-metrics.ts';
import type { KeptAlert } from './kept-alerts.ts';
import type { Measured } from './reading.ts';
import { sortedLabels } from './rule.ts';
import type { AlertRule } from './rule.ts';
import { advance, shifted } from './state.ts';
import type { Transition } from './state.ts';

/** An alert began or stopped firing for one subject. */
export interface Occurred extends Measured {
  readonly rule: AlertRule;
  readonly transition: Transition;
  /** Since when the condition holds, or held. */
  readonly sinceMs: number;
}

/** The changes of an evaluation. */
export interface Changed {
  readonly occurred: readonly Occurred[];
  /** Whether there is anything new to store. */
  readonly isNew: boolean;
}

export interface Taking {
  readonly nowMs: number;
  /** See `Observation`. */
  readonly gapMs: number;
  /** If the condition has held since before this moment, the alert does not end: too little was observed since. */
  readonly unseenMs: number;
}

/** The subjects of alerts that are pending or firing. */
export class AlertStates {
  readonly #alerts = new Map<string, KeptAlert>();

  all(): readonly KeptAlert[] {
    return [...this.#alerts.values()];
  }

  restore(alerts: readonly KeptAlert[]): void {
    for (const alert of alerts) this.#alerts.set(keyOf(alert.rule, alert.labels), alert);
  }

  /** Evaluates what a rule has measured for all its subjects. */
  take(rule: AlertRule, measured: readonly Measured[], { nowMs, gapMs, unseenMs }: Taking): Changed {
    const occurred: Occurred[] = [];
    const seen = new Set<string>();
    let isNew = false;
    for (const { labels, value } of measured) {
      const key = keyOf(rule, labels);
      seen.add(key);
      const before = this.#alerts.get(key)?.state;
      const holds = value !== undefined && isBeyond(value, rule);
      if (!holds && before !== undefined && before.sinceMs < unseenMs) continue;
      const { state, transition } = advance(before, { holds, value: value ?? 0, nowMs, forMs: rule.forMs, gapMs });
      if (state === undefined) this.#alerts.delete(key);
      else this.#alerts.set(key, { rule, labels, state });
      isNew ||= before?.status !== state?.status;
      const sinceMs = (before ?? state)?.sinceMs ?? nowMs;
      if (transition !== undefined) occurred.push({ rule, labels, value, transition, sinceMs });
    }
    // A subject that is no longer measured, such as an API that was removed.
    const gone = this.#end((key, alert) => alert.rule.name === rule.name && !seen.has(key), rule);
    return { occurred: [...occurred, ...gone.occurred], isNew: isNew || gone.isNew };
  }

  /** Ends alerts of rules that no longer exist. */
  keepOnly(names: ReadonlySet<string>): Changed {
    return this.#end((_, { rule }) => !names.has(rule.name));
  }

  /** To be called when the wall clock was set by so many milliseconds. */
  shift(byMs: number): void {
    for (const [key, alert] of this.#alerts) this.#alerts.set(key, { ...alert, state: shifted(alert.state, byMs) });
  }

  counts(): readonly AlertCount[] {
    const counts = new Map<string, AlertCount>();
    for (const { rule, state } of this.#alerts.values()) {
      const key = `${rule.name} ${state.status}`;
      const count = (counts.get(key)?.count ?? 0) + 1;
      counts.set(key, { alert: rule.name, severity: rule.severity, state: state.status, count });
    }
    return [...counts.values()];
  }

  #end(isGone: (key: string, alert: KeptAlert) => boolean, by?: AlertRule): Changed {
    const gone = [...this.#alerts].filter(([key, alert]) => isGone(key, alert));
    for (const [key] of gone) this.#alerts.delete(key);
    const occurred = gone.flatMap(([, { rule, labels, state }]): readonly Occurred[] =>
      state.status === 'firing'
        ? [{ rule: by ?? rule, labels, value: undefined, transition: 'resolved', sinceMs: state.sinceMs }]
        : [],
    );
    return { occurred, isNew: gone.length > 0 };
  }
}

function isBeyond(value: number, { operator, threshold }: AlertRule): boolean {
  return operator === 'above' ? value > threshold : value < threshold;
}

function keyOf({ name }: AlertRule, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([name, sortedLabels(labels)]);
}
