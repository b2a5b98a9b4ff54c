import { CounterFamily } from '../observe/counter-family.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { SlotFate } from '../telemetry/slot-intake.ts';

const RESULTS = ['added', 'repeated', 'too_old', 'ahead', 'malformed', 'refused'] as const;

export interface MeshMetrics {
  settled(result: SlotFate | 'refused'): void;
}

export function meshMetrics(registry: Registry): MeshMetrics {
  const slots = new CounterFamily({
    registry,
    name: 'ostiary_mesh_slots_total',
    help: 'Slots of ten seconds that sidecars have sent, by what became of them (added, repeated, too_old, ahead, malformed), and messages that were refused.',
    labels: ['result'],
  });
  for (const result of RESULTS) slots.series(result);
  return {
    settled(result) {
      slots.series(result).value += 1;
    },
  };
}
