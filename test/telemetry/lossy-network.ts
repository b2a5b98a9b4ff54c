import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import type { Timers } from '../../src/clock.ts';
import type { Method } from '../../src/grpc/rpc.ts';
import type { Slot } from '../../src/rollup/slot.ts';
import type { ReportPorts } from '../../src/telemetry/report-service.ts';
import { SlotIntake } from '../../src/telemetry/slot-intake.ts';
import type { Received, Receipt, SlotStore } from '../../src/telemetry/slot-intake.ts';

/** What happens to a message on its way, or to the store that it is for. */
export type Mishap = 'none' | 'lost' | 'repeated' | 'late' | 'cut';

/** Gives out the mishaps, and then none: a network that never lets a message pass would let nobody count. */
export function mishapsOf(all: readonly Mishap[]): () => Mishap {
  let at = 0;
  return () => all[at++] ?? 'none';
}

class ConnectionLost extends Error {}

/** Passes messages on as the mishaps say. */
async function* disturbed(messages: AsyncIterable<Uint8Array>, next: () => Mishap): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const message of messages) {
    const mishap = next();
    await turn();
    if (mishap === 'cut') throw new ConnectionLost('cut');
    if (mishap === 'lost') continue;
    if (mishap === 'late' && held === undefined) {
      held = message;
      continue;
    }
    yield message;
    if (mishap === 'repeated') yield message;
    if (held !== undefined) yield held;
    held = undefined;
  }
}

/** Calls a method over a network that has the mishaps in both directions. */
export function callOver(method: Method, next: () => Mishap) {
  if (method.kind !== 'bidirectional') throw new TypeError('expected a stream');
  const { handle } = method;
  return (requests: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => {
    const call = { deadline: Infinity, signal: new AbortController().signal };
    return disturbed(handle(disturbed(requests, next), call), next);
  };
}

/** Short times in place of long ones. */
export const hastyTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs >= 60_000 ? 15 : 0);
    return () => clearTimeout(timer);
  },
};

/** Stores each slot once, as a database does: it may fail before, or after what it did is committed. */
export class StoreInMemory implements SlotStore {
  readonly slots: Slot[] = [];
  readonly #next: () => Mishap;

  constructor(next: () => Mishap = () => 'none') {
    this.#next = next;
  }

  async receive(slots: readonly Slot[]): Promise<Receipt> {
    await turn();
    const mishap = this.#next();
    if (mishap === 'lost') throw new Error('the disk is full');
    const fates = slots.map((slot) => {
      if (this.slots.some((known) => nameOf(known) === nameOf(slot))) return 'repeated' as const;
      this.slots.push(slot);
      return 'added' as const;
    });
    if (mishap === 'cut') throw new Error('killed after the commit');
    return { fates, received: slots.map((slot) => this.#receivedOf(slot)) };
  }

  #receivedOf({ node, epoch }: Slot): Received {
    const own = this.slots.filter((slot) => slot.node === node && slot.epoch === epoch);
    const sequences = new Set(own.map(({ sequence }) => sequence));
    let through = 0;
    while (sequences.has(through + 1)) through += 1;
    return { node, epoch, through, beyond: [...sequences].filter((sequence) => sequence > through) };
  }
}

/** What a receiver needs: the caller is `node`. */
export function receiving(store: SlotStore, node: () => string = () => 'node-1'): ReportPorts {
  return {
    intake: new SlotIntake(store),
    takeSamples: () => {},
    identify: async () => node(),
    mostRows: 10_000,
    clock: systemClock,
    timers: hastyTimers,
    settled: () => {},
  };
}

export function nameOf({ node, epoch, sequence }: Slot): string {
  return `${node} ${epoch} ${sequence}`;
}
