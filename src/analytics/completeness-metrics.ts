import { CounterFamily } from '../observe/counter-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { SlotCompleteness } from '../rollup/slot.ts';

export interface CompletenessState {
  readonly open: () => number;
  /** Undefined: unknown. */
  readonly ratio: () => number | undefined;
}

/** @returns `told`, to be called with news about a span of time */
export function createCompletenessMetrics(registry: Registry, { open, ratio }: CompletenessState) {
  const decisions = new CounterFamily({
    registry,
    name: 'ostiary_analytics_decisions_total',
    help: "Decisions by what is known of their entry in Envoy's access log (decided: all; reported, unreported, unknown, late).",
    labels: ['state'],
  });
  const [decided, reported, unreported, unknown, late] = (
    ['decided', 'reported', 'unreported', 'unknown', 'late'] as const
  ).map((state) => decisions.series(state)) as [Series, Series, Series, Series, Series];
  void new Gauge({
    name: 'ostiary_analytics_open_decisions',
    help: "Decisions whose entry in Envoy's access log is waited for.",
    registers: [registry],
    collect() {
      this.set(open());
    },
  });
  void new Gauge({
    name: 'ostiary_analytics_completeness_ratio',
    help: "Of the decisions of a minute, some time ago, the share whose entry in Envoy's access log has come; absent where nothing is known.",
    registers: [registry],
    collect() {
      const known = ratio();
      if (known === undefined) this.remove();
      else this.set(known);
    },
  });
  return {
    told(part: SlotCompleteness): void {
      // A counter never falls: decisions that were reported late are counted separately, and what is taken back stays.
      decided.value += Math.max(0, part.decided);
      reported.value += Math.max(0, part.reported);
      unknown.value += Math.max(0, part.unknown);
      unreported.value += Math.max(0, part.unreported);
      late.value += Math.max(0, -part.unreported);
    },
  };
}

interface Series {
  value: number;
}
