import { CounterFamily } from '../observe/counter-family.ts';
import { DurationFamily } from '../observe/duration-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { SlotFate } from './receiving.ts';

export interface HistoryMetrics {
  settled(fate: SlotFate | 'dropped'): void;
  /** @param ended when writing ended, in milliseconds since the Unix epoch */
  written(ended: number): void;
  answered(durationMs: number): void;
  /** @param bytes the size of the store */
  sized(bytes: number): void;
  observeWaiting(waiting: () => number): void;
}

const FATES: readonly (SlotFate | 'dropped')[] = ['added', 'repeated', 'too_old', 'ahead', 'malformed', 'dropped'];
const BOUNDS_MS = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 30_000];

export function createHistoryMetrics(registry: Registry): HistoryMetrics {
  const slots = new CounterFamily({
    registry,
    name: 'ostiary_history_slots_total',
    help: 'Slots of ten seconds that came to the store of history, by what became of them (added, repeated, too_old, ahead, malformed, dropped).',
    labels: ['result'],
  });
  for (const fate of FATES) slots.series(fate);
  const answers = new DurationFamily({
    registry,
    name: 'ostiary_history_query_duration_seconds',
    help: 'Time that the store of history took to answer a question.',
    labels: [],
    boundsMs: BOUNDS_MS,
  });
  const size = new Gauge({
    name: 'ostiary_history_size_bytes',
    help: 'What the rows of the store of history take.',
    registers: [registry],
  });
  const written = new Gauge({
    name: 'ostiary_history_last_write_timestamp_seconds',
    help: 'When slots were last written to the store of history.',
    registers: [registry],
  });
  let waiting = (): number => 0;
  void new Gauge({
    name: 'ostiary_history_waiting_slots',
    help: 'Slots that wait to be written to the store of history.',
    registers: [registry],
    collect() {
      this.set(waiting());
    },
  });
  return {
    settled(fate) {
      slots.series(fate).value += 1;
    },
    written: (ended) => written.set(ended / 1000),
    answered: (durationMs) => answers.series().observeMs(durationMs),
    sized: (bytes) => size.set(bytes),
    observeWaiting(read) {
      waiting = read;
    },
  };
}
