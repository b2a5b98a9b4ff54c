import { expect, test } from 'vitest';
import type { Dimension } from '../../src/rollup/slot.ts';
import { Fixture, is, ORDERS_GET, PETS_DENIED } from './fixture.ts';
import type { OpenHistory } from './fixture.ts';
import { DAY, HOUR, MINUTE, NOON, rowOf, SECOND, Sender } from './slots.ts';

/** What every engine makes of rows as they grow old. */
export function historyAges(open: OpenHistory): void {
  const fixture = new Fixture(open);

  test('coarser levels say what the finer ones said, as time goes by and fine rows go', async () => {
    const sender = new Sender();
    const questions: (readonly Dimension[])[] = [
      [],
      ['api'],
      ['api', 'route'],
      ['client', 'tier'],
      ['reason', 'policy'],
      ['service', 'source'],
      ['api', 'route', 'client', 'reason'],
    ];
    for (let at = 0; at < 40; at += 1) {
      const startMs = NOON + at * 7 * MINUTE;
      const rows = [
        rowOf(
          { ...ORDERS_GET, route: `/r${at % 3}`, client: `c${at % 5}`, source: `s${at % 2}`, service: 'orders-v1' },
          [at + 1],
        ),
        rowOf({ ...PETS_DENIED, reason: `reason-${at % 4}` }, [1, 2]),
      ];
      fixture.clock.nowMs = startMs + 20 * SECOND;
      await fixture.history.receive([sender.slot(startMs - (startMs % 10_000), rows, { decided: 3, reported: 3 })]);
    }
    const sinceMs = NOON;
    const untilMs = NOON + 40 * 7 * MINUTE;
    const answers = async (): Promise<unknown[]> =>
      Promise.all(
        questions.map(async (by) => {
          const { rows, total, completeness } = await fixture.ask({ by, sinceMs, untilMs });
          return [by, rows, total, completeness];
        }),
      );
    const before = await answers();
    await fixture.history.keepUp();
    expect(await answers()).toEqual(before);
    // Fine rows are gone.
    fixture.clock.nowMs = NOON + 2 * DAY;
    await fixture.history.keepUp();
    expect(await answers()).toEqual(before);
    expect(
      await fixture.counts({
        sinceMs: NOON,
        untilMs: NOON + HOUR,
        stepMs: 10 * SECOND,
        by: ['api'],
        where: [is('api', 'pets')],
      }),
    ).toHaveProperty(`pets ${NOON}`);
    // So are minutes: spans are rounded to hours.
    fixture.clock.nowMs = NOON + 40 * DAY;
    await fixture.history.keepUp();
    const rounded = await fixture.ask({ sinceMs: NOON + MINUTE, untilMs: NOON + 3 * MINUTE });
    expect(rounded).toMatchObject({ sinceMs: NOON, untilMs: NOON + HOUR });
    expect(rounded.total.count).toBe(9 * 3);
    expect(await fixture.counts({ sinceMs: NOON - DAY, untilMs: NOON + DAY })).toEqual({ '': 120 });
  });

  test('at any moment long questions count what has come, late slots and the period that runs among them', async () => {
    const sender = new Sender();
    const begin = NOON - 3 * DAY;
    let sent = 0;
    const send = async (startMs: number): Promise<void> => {
      const row = rowOf({ ...ORDERS_GET, client: `c${sent % 3}` }, [1]);
      await fixture.history.receive([sender.slot(startMs - (startMs % 10_000), [row], { decided: 1 })]);
      sent += 1;
    };
    for (let step = 0; step < 160; step += 1) {
      fixture.clock.nowMs = begin + step * 37 * MINUTE;
      await send(fixture.clock.nowMs - 20 * SECOND);
      // Now and then one comes late.
      if (step % 9 === 8) await send(fixture.clock.nowMs - 50 * MINUTE);
      if (step % 31 === 30) await send(fixture.clock.nowMs - 20 * HOUR);
      if (step % 3 === 2) await fixture.history.keepUp();
      if (step % 8 !== 7) continue;
      const long = { sinceMs: begin - 8 * DAY, untilMs: fixture.clock.nowMs };
      const byClient = await fixture.ask({ ...long, by: ['client'] });
      const counts = byClient.rows.map(({ count }) => count);
      expect(counts.reduce((sum, each) => sum + each, 0)).toBe(sent);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(2);
      expect(byClient.rows.map(({ durationCount }) => durationCount)).toEqual(counts);
      expect(byClient).toMatchObject({ total: { count: sent }, completeness: { decided: sent }, combinations: 3 });
      expect(await fixture.counts({ ...long, by: ['method', 'source'] })).toEqual({ 'GET ': sent });
    }
    const { rows } = await fixture.ask({ sinceMs: begin - DAY, untilMs: NOON + 2 * DAY, stepMs: DAY, by: ['api'] });
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(sent);
  }, 60_000);

  test('a question about a week or more is answered for whole hours', async () => {
    await fixture.history.receive([new Sender().slot(NOON, [rowOf(ORDERS_GET, [1])])]);
    const long = { sinceMs: NOON + 10 * MINUTE - 7 * DAY, untilMs: NOON + 10 * MINUTE };
    expect(await fixture.ask(long)).toMatchObject({
      sinceMs: NOON - 7 * DAY,
      untilMs: NOON + HOUR,
      periodMs: HOUR,
      total: { count: 1 },
    });
    const shorter = { ...long, sinceMs: NOON + 10 * MINUTE - 6 * DAY };
    expect(await fixture.ask(shorter)).toMatchObject({ ...shorter, periodMs: 10 * SECOND });
  });

  test('what comes late is added where its time still is', async () => {
    const sender = new Sender();
    await fixture.history.receive([sender.slot(NOON, [rowOf(ORDERS_GET, [1])], { decided: 1 })]);
    fixture.clock.nowMs = NOON + DAY;
    await fixture.history.keepUp();
    // Slots of ten seconds are gone; the minute is not.
    await fixture.history.receive([sender.slot(NOON + 10 * SECOND, [rowOf(ORDERS_GET, [1, 1])], { decided: 2 })]);
    const question = { sinceMs: NOON, untilMs: NOON + MINUTE, by: ['client' as const] };
    expect(await fixture.counts(question)).toEqual({ shop: 3 });
    fixture.clock.nowMs = NOON + DAY + HOUR;
    await fixture.history.keepUp();
    expect(await fixture.counts(question)).toEqual({ shop: 3 });
    const { rows, completeness } = await fixture.ask({ sinceMs: NOON, untilMs: NOON + HOUR, by: ['api'] });
    expect(rows).toMatchObject([{ values: ['orders'], count: 3 }]);
    expect(completeness).toMatchObject({ decided: 3 });
    // Nor is the hour, when minutes are gone.
    fixture.clock.nowMs = NOON + 31 * DAY;
    await fixture.history.keepUp();
    await fixture.history.receive([sender.slot(NOON + 20 * SECOND, [rowOf(ORDERS_GET, [1])], { decided: 1 })]);
    for (const _ of [1, 2]) {
      expect(await fixture.counts({ sinceMs: NOON, untilMs: NOON + HOUR, by: ['client'] })).toEqual({ shop: 4 });
      expect(await fixture.counts({ sinceMs: NOON - DAY, untilMs: NOON + 2 * DAY, by: ['client'] })).toEqual({
        shop: 4,
      });
      fixture.clock.nowMs += HOUR;
      await fixture.history.keepUp();
    }
  });

  test('processes are forgotten when all of theirs is too old, and their slots are refused then', async () => {
    const slot = new Sender().slot(NOON, [rowOf(ORDERS_GET, [1])]);
    await fixture.history.receive([slot]);
    fixture.clock.nowMs = NOON + 33 * DAY;
    await fixture.history.keepUp();
    expect((await fixture.history.receive([slot])).fates).toEqual(['too_old']);
    expect(await fixture.counts({ sinceMs: NOON, untilMs: NOON + HOUR })).toEqual({ '': 1 });
  });
}
