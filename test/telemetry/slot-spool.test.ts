import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Slot } from '../../src/rollup/slot.ts';
import { SlotFiles } from '../../src/telemetry/slot-spool.ts';
import { UnacknowledgedSlots } from '../../src/telemetry/unacknowledged.ts';
import { scratchFolder } from '../real/scratch.ts';
import { rowOf, slotOf } from '../rollup/kept-slots.ts';

const slotWith = (sequence: number, rows: number, more: Partial<Slot> = {}): Slot =>
  slotOf(
    sequence * 10_000,
    Array.from({ length: rows }, (_, at) => rowOf({ route: `/${at}`, client: 'shop' }, at + 1, 3)),
    { sequence, ...more },
  );
const { node, epoch } = slotWith(1, 1);

async function opened(folder: string, mostBytes = 1e9, mostRows = 100) {
  const events: string[] = [];
  const spool = new SlotFiles(
    { folder, node, mostBytes },
    {
      failed: (error) => events.push(`failed: ${(error as Error).message}`),
      recovered: () => events.push('recovered'),
      evicted: (of, sequence) => slots.unspooled(of, sequence),
    },
  );
  const slots = new UnacknowledgedSlots(mostRows, spool);
  slots.restore(await spool.open());
  return { spool, slots, events };
}

async function all(slots: UnacknowledgedSlots): Promise<Slot[]> {
  const sent: Slot[] = [];
  for (let next = await slots.next(); next !== undefined; next = await slots.next()) sent.push(next);
  return sent;
}

describe('slots that wait on disk', () => {
  it('are sent by the next process as they were, in their order, and are gone once acknowledged', async () => {
    const folder = join(scratchFolder('spool'), 'slots');
    const first = await opened(folder);
    const made = [slotWith(1, 2), slotWith(2, 2500), slotWith(3, 0)];
    for (const slot of made) first.slots.take(slot);
    await first.spool.settled();

    const second = await opened(folder);
    const fresh = slotWith(1, 1, { epoch: 'abcdef01' });
    second.slots.take(fresh);
    await second.spool.settled();
    expect(await all(second.slots)).toEqual([...made, fresh]);
    second.slots.acknowledge(epoch, 2, []);
    second.slots.acknowledge('abcdef01', 1, []);
    await expect.poll(() => readdirSync(folder)).toEqual([`${epoch}-3.slot`]);
    expect([first.events, second.events]).toEqual([[], []]);
  });

  it('lose nothing where memory has room for few: their rows are read again', async () => {
    const { slots, spool } = await opened(join(scratchFolder('spool'), 'slots'), 1e9, 30);
    const made = Array.from({ length: 10 }, (_, at) => slotWith(at + 1, 10));
    for (const slot of made) {
      slots.take(slot);
      await spool.settled();
    }
    expect(await all(slots)).toEqual(made);
    expect(slots.losses).toEqual({ hollowed: 0, dropped: 0, refused: 0 });
  });

  it('are dropped beyond the room on disk, the oldest first, and counted', async () => {
    const folder = join(scratchFolder('spool'), 'slots');
    const { slots, spool } = await opened(folder, 3000, 20);
    for (let sequence = 1; sequence <= 20; sequence += 1) {
      slots.take(slotWith(sequence, 10));
      await spool.settled();
    }
    const left = (await all(slots)).map(({ sequence }) => sequence);
    expect(left.at(-1)).toBe(20);
    expect(slots.losses.dropped).toBe(20 - left.length);
    expect(slots.losses.dropped).toBeGreaterThan(0);
  });

  it('that are torn or damaged are dropped and told of, and the others are sent', async () => {
    const folder = join(scratchFolder('spool'), 'slots');
    const first = await opened(folder);
    for (const sequence of [1, 2, 3]) first.slots.take(slotWith(sequence, 5));
    await first.spool.settled();
    const path = (sequence: number) => join(folder, `${epoch}-${sequence}.slot`);
    const damaged = readFileSync(path(1));
    damaged[40]! ^= 1;
    writeFileSync(path(1), damaged);
    writeFileSync(path(2), readFileSync(path(2)).subarray(0, 60));
    writeFileSync(join(folder, 'something.else'), 'x');

    const second = await opened(folder);
    expect(await all(second.slots)).toEqual([slotWith(3, 5)]);
    expect(second.slots.losses.dropped).toBe(2);
    expect(second.events[0]).toBe('failed: the file of a slot is damaged');
    await second.spool.settled();
    expect(readdirSync(folder)).toEqual([`${epoch}-3.slot`]);
  });

  it('stay in memory where the disk takes none', async () => {
    const file = join(scratchFolder('spool'), 'no-folder');
    writeFileSync(file, '');
    const { slots, spool, events } = await opened(join(file, 'slots'));
    slots.take(slotWith(1, 2));
    await spool.settled();
    expect(await all(slots)).toEqual([slotWith(1, 2)]);
    expect(events).toHaveLength(1);
  });
});
