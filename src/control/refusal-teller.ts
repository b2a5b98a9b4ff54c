import type { Clock } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import type { SlotFate } from '../telemetry/slot-intake.ts';

/** Each node is told of so often, whatever it sends. */
const EVERY_MS = 600_000;
const MOST_NODES = 10_000;

/** Tells people of sidecars whose counts can't be taken. */
export function refusalTeller(
  log: Log,
  clock: Clock,
): (node: string, fate: SlotFate | 'refused', detail: string) => void {
  const toldAt = new Map<string, number>();
  return (node, fate, detail) => {
    const now = clock.monotonic();
    const name = `${fate} ${node}`;
    if (now - (toldAt.get(name) ?? -Infinity) < EVERY_MS) return;
    toldAt.delete(name);
    toldAt.set(name, now);
    const [oldest] = toldAt.keys();
    if (toldAt.size > MOST_NODES && oldest !== undefined) toldAt.delete(oldest);
    log.warn('counts of a sidecar refused', { node, detail: sentenceOf(fate, detail, clock.now()) });
  };
}

function sentenceOf(fate: SlotFate | 'refused', detail: string, nowMs: number): string {
  const now = new Date(nowMs).toISOString();
  if (fate === 'ahead')
    return `they are of ${detail}, and it is ${now} here: set the clock of its machine, or the one here`;
  if (fate === 'too_old') return `they are of ${detail}, and it is ${now} here: nothing older than 32 days is taken`;
  return detail.slice(0, 500);
}
