import { describe, expect, it } from 'vitest';
import { UnacknowledgedSlots } from '../../src/telemetry/unacknowledged.ts';
import { rowOf, slotOf } from '../rollup/kept-slots.ts';

const slot = (sequence: number, rows = 8) =>
  slotOf(
    sequence * 10_000,
    Array.from({ length: rows }, (_, at) => rowOf({ route: `/${at}` }, 1)),
    { sequence },
  );
const epoch = slot(1).epoch;

async function sentBy(queue: UnacknowledgedSlots): Promise<number[]> {
  const sent: number[] = [];
  for (let next = await queue.next(); next !== undefined; next = await queue.next()) sent.push(next.sequence);
  return sent;
}

describe('slots that nobody has acknowledged', () => {
  it('are sent in their order, and again on the next stream', async () => {
    const queue = new UnacknowledgedSlots(1000);
    for (const sequence of [1, 2, 3, 4]) queue.take(slot(sequence));
    expect(await sentBy(queue)).toEqual([1, 2, 3, 4]);
    expect(await sentBy(queue)).toEqual([]);
    queue.acknowledge(epoch, 1, [3]);
    queue.rewind();
    expect(await sentBy(queue)).toEqual([2, 4]);
    queue.acknowledge('ffffffff', 4, []);
    expect(queue.size).toBe(2);
    queue.acknowledge(epoch, 4, []);
    expect(queue.size).toBe(0);
  });

  it('lose their rows beyond the bound, the oldest first, and tell that nobody knows how their decisions ended', async () => {
    const queue = new UnacknowledgedSlots(30);
    for (const sequence of [1, 2, 3, 4]) queue.take(slot(sequence));
    const [first, second] = [await queue.next(), await queue.next()];
    expect(first).toMatchObject({ sequence: 1, rows: [] });
    expect(first?.completeness).toEqual({ decided: 8, reported: 0, unreported: 0, unknown: 8 });
    expect(second?.rows).toHaveLength(0);
    expect((await queue.next())?.rows).toHaveLength(8);
    expect(queue.losses).toEqual({ hollowed: 2, dropped: 0, refused: 0 });
  });

  it('are dropped, and counted, where even that is too much', async () => {
    const queue = new UnacknowledgedSlots(20);
    for (let sequence = 1; sequence <= 15; sequence += 1) queue.take(slot(sequence));
    expect(queue.size).toBeLessThanOrEqual(10);
    expect(queue.losses.dropped).toBe(15 - queue.size);
    expect((await sentBy(queue)).at(-1)).toBe(15);
  });

  it('are not sent again where the control plane will never take them', async () => {
    const queue = new UnacknowledgedSlots(1000);
    queue.take(slot(1));
    queue.refuse(epoch, 1);
    queue.refuse(epoch, 2);
    expect([queue.size, queue.losses.refused]).toEqual([0, 1]);
  });

  it('of several processes are acknowledged apart', async () => {
    const queue = new UnacknowledgedSlots(1000);
    for (const sequence of [1, 2]) {
      queue.take(slot(sequence));
      queue.take({ ...slot(sequence), epoch: 'ffffffff' });
    }
    queue.acknowledge('ffffffff', 1, []);
    queue.refuse(epoch, 2);
    expect(await sentBy(queue)).toEqual([1, 2]);
    expect([queue.size, queue.losses.refused]).toEqual([2, 1]);
  });
});
