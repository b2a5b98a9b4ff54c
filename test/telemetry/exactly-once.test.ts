import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Slot } from '../../src/rollup/slot.ts';
import { reportSlotsMethod } from '../../src/telemetry/report-service.ts';
import { SlotIntake } from '../../src/telemetry/slot-intake.ts';
import { SlotSender } from '../../src/telemetry/slot-sender.ts';
import { UnacknowledgedSlots } from '../../src/telemetry/unacknowledged.ts';
import { rowOf, slotOf } from '../rollup/kept-slots.ts';
import { callOver, hastyTimers, mishapsOf, nameOf, receiving, StoreInMemory } from './lossy-network.ts';
import type { Mishap } from './lossy-network.ts';

const mishaps = fc.array(fc.constantFrom<Mishap>('none', 'none', 'lost', 'repeated', 'late', 'cut'), {
  maxLength: 150,
});
/** How many rows each slot of a process has; more than a thousand take several messages. */
const process = fc.array(fc.oneof({ arbitrary: fc.nat(5), weight: 4 }, fc.integer({ min: 1001, max: 2500 })), {
  minLength: 1,
  maxLength: 8,
});

function slotsOf(node: string, epoch: number, sizes: readonly number[]): Slot[] {
  return sizes.map((size, at) =>
    slotOf(
      at * 10_000,
      Array.from({ length: size }, (_, row) => rowOf({ api: 'orders', route: `/r${row}`, client: node }, row + 1)),
      { node, epoch: epoch.toString(16).padStart(8, '0'), sequence: at + 1 },
    ),
  );
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

describe('slots on their way to a control plane', () => {
  it('count exactly once, whatever is lost, repeated, late or cut, and whoever restarts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(process, { minLength: 1, maxLength: 3 }),
        mishaps,
        fc.nat(3),
        async (all, some, stop) => {
          const next = mishapsOf(some);
          const store = new StoreInMemory(next);
          const call = callOver(reportSlotsMethod(receiving(store, () => 'pod-1')), next);
          const made: Slot[] = [];
          for (const [epoch, sizes] of all.entries()) {
            const queue = new UnacknowledgedSlots(1_000_000);
            const ofQueue = { call, slots: queue, samples: () => [], timers: hastyTimers, random: () => 0 };
            const sender = new SlotSender({ node: 'pod-1' }, ofQueue);
            const running = sender.run();
            const own = slotsOf('pod-1', epoch, sizes);
            for (const slot of own) {
              queue.take(slot);
              made.push(slot);
              await turn();
            }
            // All but the last process end before all has come; what was acknowledged must have.
            const isLast = epoch === all.length - 1;
            await until(() => queue.size <= (isLast ? 0 : stop));
            sender.close();
            await running;
            const stored = store.slots.filter(({ epoch: of }) => of === own[0]?.epoch).length;
            expect(stored).toBeGreaterThanOrEqual(own.length - queue.size);
            expect(queue.losses).toEqual({ hollowed: 0, dropped: 0, refused: 0 });
          }
          expect(new Set(store.slots.map(nameOf)).size).toBe(store.slots.length);
          const byName = new Map(made.map((slot) => [nameOf(slot), slot]));
          for (const slot of store.slots) expect(slot).toEqual(byName.get(nameOf(slot)));
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('of many nodes are stored in batches, while one batch is being stored', async () => {
    const batches: number[] = [];
    const inner = new StoreInMemory();
    const intake = new SlotIntake({
      receive(slots) {
        batches.push(slots.length);
        return inner.receive(slots);
      },
    });
    const slots = Array.from({ length: 50 }, (_, at) => slotsOf(`pod-${at}`, 1, [1])).flat();
    const stored = await Promise.all(slots.map((slot) => intake.take(slot)));
    expect(stored.map(({ fate, received }) => [fate, received?.through])).toEqual(slots.map(() => ['added', 1]));
    expect(batches).toEqual([1, 49]);
  });

  it('are stored one by one where one of them can not be, and all later where the store is away', async () => {
    const away = new Error('away');
    const inner = new StoreInMemory();
    let isAway = true;
    const asked: number[] = [];
    const intake = new SlotIntake(
      {
        async receive(slots) {
          asked.push(slots.length);
          if (isAway) throw away;
          if (slots.some(({ node }) => node === 'pod-2')) throw new Error('a bigint out of range');
          return inner.receive(slots);
        },
      },
      (error) => error === away,
    );
    const slots = Array.from({ length: 5 }, (_, at) => slotsOf(`pod-${at}`, 1, [1])).flat();
    const takeAll = async () =>
      (await Promise.allSettled(slots.map((slot) => intake.take(slot)))).map(({ status }) => status);
    expect(new Set(await takeAll())).toEqual(new Set(['rejected']));
    expect(asked).toEqual([1, 4]);
    isAway = false;
    expect(await takeAll()).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('are stored in several batches where they have many rows', async () => {
    const batches: number[] = [];
    const inner = new StoreInMemory();
    const intake = new SlotIntake({
      receive(slots) {
        batches.push(slots.length);
        return inner.receive(slots);
      },
    });
    const slots = Array.from({ length: 5 }, (_, at) => slotsOf(`pod-${at}`, 1, [9000])).flat();
    await Promise.all(slots.map((slot) => intake.take(slot)));
    expect(batches).toEqual([1, 2, 2]);
  });
});
