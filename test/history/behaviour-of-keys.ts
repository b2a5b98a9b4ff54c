import { expect, test } from 'vitest';
import { Fixture, ORDERS_GET, PETS_DENIED } from './fixture.ts';
import type { OpenHistory } from './fixture.ts';
import { DAY, HOUR, NOON, rowOf, Sender } from './slots.ts';

/** How every engine forgets keys and texts that no row needs. */
export function historyForgets(open: OpenHistory): void {
  const fixture = new Fixture(open);

  const texts = async (): Promise<string[]> => {
    const { kysely } = fixture.opened.database;
    const rows = await kysely.selectFrom('history_text').select('text').execute();
    return rows.map(({ text }) => text).toSorted();
  };
  const keys = async (): Promise<number> => {
    const { kysely } = fixture.opened.database;
    return (await kysely.selectFrom('history_series').select('id').execute()).length;
  };
  test('a key goes with its last row, and its texts with the last key that has them', async () => {
    const sender = new Sender();
    const old = { ...ORDERS_GET, client: 'left long ago', service: 'also used by another' };
    const lasting = { ...ORDERS_GET, client: 'stays', service: 'also used by another' };
    await fixture.history.receive([sender.slot(NOON, [rowOf(old, [1]), rowOf(lasting, [1])])]);
    fixture.clock.nowMs = NOON + 12 * DAY;
    await fixture.history.keepUp();
    const before = await keys();
    for (const at of [100, 200, 300]) {
      fixture.clock.nowMs = NOON + at * DAY;
      await fixture.history.receive([sender.slot(fixture.clock.nowMs, [rowOf(lasting, [1])])]);
      await fixture.history.keepUp();
    }
    const all = ['', '/orders/{id}', '200', 'GET', 'also used by another', 'gold', 'orders', 'processed', 'stays'];
    expect(await texts()).toEqual([...all, 'left long ago'].toSorted());
    fixture.clock.nowMs = NOON + 395 * DAY;
    await fixture.history.keepUp();
    expect(await fixture.counts({ sinceMs: NOON - DAY, untilMs: NOON + 2 * DAY, by: ['client'] })).toEqual({
      'left long ago': 1,
      stays: 1,
    });
    expect(await keys()).toBe(before);
    // Rows of days go by the month.
    fixture.clock.nowMs = NOON + 440 * DAY;
    await fixture.history.keepUp();
    expect(await texts()).toEqual(all.toSorted());
    expect(await keys()).toBeLessThan(before);
    expect(await fixture.counts({ sinceMs: NOON + 90 * DAY, untilMs: fixture.clock.nowMs, by: ['client'] })).toEqual({
      stays: 3,
    });
    // It comes back.
    await fixture.history.receive([sender.slot(fixture.clock.nowMs - HOUR, [rowOf(old, [1, 1])])]);
    expect(await fixture.counts({ sinceMs: NOON + 439 * DAY, untilMs: fixture.clock.nowMs, by: ['client'] })).toEqual({
      'left long ago': 2,
    });
  });

  test('a key that is used again and again stays, however old it is', async () => {
    const sender = new Sender();
    for (let at = NOON; at < NOON + 450 * DAY; at += 10 * DAY) {
      fixture.clock.nowMs = at + HOUR;
      await fixture.history.receive([sender.slot(at, [rowOf(PETS_DENIED, [1])])]);
      await fixture.history.keepUp();
    }
    const untilMs = fixture.clock.nowMs;
    expect(await fixture.counts({ sinceMs: untilMs - 30 * DAY, untilMs, by: ['client', 'reason'] })).toEqual({
      'app quota_spent': 3,
    });
  });

  test('a process that remembers a key from long ago stores it anew where another has deleted it', async () => {
    const other = await fixture.opened.other?.();
    const [one, two] = [new Sender('one'), new Sender('two')];
    await (other ?? fixture.history).receive([one.slot(NOON, [rowOf(PETS_DENIED, [1])])]);
    fixture.clock.nowMs = NOON + 440 * DAY;
    await fixture.history.receive([two.slot(fixture.clock.nowMs - HOUR, [rowOf(ORDERS_GET, [1])])]);
    await fixture.history.keepUp();
    expect(await texts()).not.toContain('quota_spent');
    await (other ?? fixture.history).receive([one.slot(fixture.clock.nowMs - HOUR, [rowOf(PETS_DENIED, [1])])]);
    const { nowMs: untilMs } = fixture.clock;
    expect(await fixture.counts({ sinceMs: untilMs - DAY, untilMs, by: ['reason'] })).toEqual({
      '': 1,
      quota_spent: 1,
    });
    await other?.close();
  });
}
