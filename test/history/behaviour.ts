import { expect, test } from 'vitest';
import { quantileOf } from '../../src/rollup/histogram.ts';
import type { Slot } from '../../src/rollup/slot.ts';
import { Fixture, is, ORDERS_FAILED, ORDERS_GET, PETS_DENIED } from './fixture.ts';
import type { OpenHistory } from './fixture.ts';
import { bucketOf, DAY, HOUR, MINUTE, NOON, rowOf, SECOND, Sender } from './slots.ts';

/** How every engine adds and answers. */
export function historyBehaves(open: OpenHistory): void {
  const fixture = new Fixture(open);

  test('what was added is counted by the dimensions that are asked, the most first', async () => {
    const sender = new Sender();
    await fixture.history.receive([
      sender.slot(NOON, [
        rowOf(ORDERS_GET, [1, 2, 3]),
        rowOf(ORDERS_FAILED, [50.5]),
        rowOf(PETS_DENIED, [1, 1, 1, 1, 1]),
      ]),
    ]);
    const { rows, combinations, total } = await fixture.ask({ by: ['api', 'status'] });
    const sums = { errors: 0, denials: 0, policyMs: 0 };
    expect(rows).toMatchObject([
      {
        ...sums,
        values: ['pets', '403'],
        count: 5,
        denials: 5,
        requestBytes: 500,
        responseBytes: 5000,
        durationCount: 5,
        durationMs: 5,
        policyMs: 1.25,
      },
      {
        ...sums,
        values: ['orders', '200'],
        count: 3,
        requestBytes: 300,
        responseBytes: 3000,
        durationCount: 3,
        durationMs: 6,
        policyMs: 0.75,
      },
      {
        ...sums,
        values: ['orders', '503'],
        count: 1,
        errors: 1,
        requestBytes: 100,
        responseBytes: 1000,
        durationMs: 50.5,
        policyMs: 0.25,
      },
    ]);
    expect(combinations).toBe(3);
    expect(total).toMatchObject({ count: 9, errors: 1, denials: 5, durationMs: 61.5 });
    expect(await fixture.counts({ by: [] })).toEqual({ '': 9 });
    expect(await fixture.counts({ by: ['client', 'reason'] })).toEqual({ 'app quota_spent': 5, 'shop ': 4 });
    const ofShop = [is('api', 'orders'), is('client', 'shop', 'nobody')];
    expect(await fixture.counts({ by: ['status'], where: ofShop })).toEqual({ 200: 3, 503: 1 });
    expect(await fixture.counts({ by: ['status'], where: [is('api', 'none')] })).toEqual({});
    expect(
      await fixture.counts({ by: ['status'], where: [{ ...is('api', 'orders', 'none'), isExcluded: true }] }),
    ).toEqual({
      403: 5,
    });
    expect(await fixture.counts({ by: ['api'], where: [is('reason', '')] })).toEqual({ orders: 4 });
  });

  test.each([
    ['count', 'pets 403'],
    ['errors', 'orders 503'],
    ['denials', 'pets 403'],
    ['duration', 'orders 503'],
    ['bytes', 'pets 403'],
  ] as const)('by %s, the highest is %s, and the total still counts all', async (order, highest) => {
    const rows = [rowOf(ORDERS_GET, [1, 2, 3]), rowOf(ORDERS_FAILED, [50.5]), rowOf(PETS_DENIED, [1, 1, 1, 1, 1])];
    await fixture.history.receive([new Sender().slot(NOON, rows)]);
    const answer = await fixture.ask({ by: ['api', 'status'], order, most: 1 });
    expect(answer.rows.map(({ values }) => values.join(' '))).toEqual([highest]);
    expect(answer).toMatchObject({ combinations: 3, total: { count: 9 } });
  });

  test('equal ones are ranked by their values', async () => {
    const rows = ['b', 'a', 'Ä', 'B'].map((client) => rowOf({ ...ORDERS_GET, client }, [1]));
    await fixture.history.receive([new Sender().slot(NOON, rows)]);
    expect((await fixture.ask({ by: ['client'] })).rows.map(({ values }) => values[0])).toEqual(['B', 'a', 'b', 'Ä']);
  });

  test('a slot is added once, however often it comes, and in whichever order', async () => {
    const sender = new Sender();
    const slots = [0, 1, 2, 3].map((at) => sender.slot(NOON + at * 10 * SECOND, [rowOf(ORDERS_GET, [1])])) as [
      Slot,
      Slot,
      Slot,
      Slot,
    ];
    const [first, second, third, fourth] = slots;
    expect(await fixture.history.receive([third])).toEqual({
      fates: ['added'],
      received: [{ node: 'node-1', epoch: '00000001', through: 0, beyond: [3] }],
    });
    expect(await fixture.history.receive([third, first, first])).toEqual({
      fates: ['repeated', 'added', 'repeated'],
      received: [{ node: 'node-1', epoch: '00000001', through: 1, beyond: [3] }],
    });
    expect(await fixture.history.receive([fourth, second])).toMatchObject({
      fates: ['added', 'added'],
      received: [{ through: 4, beyond: [] }],
    });
    expect(await fixture.history.receive(slots)).toMatchObject({
      fates: ['repeated', 'repeated', 'repeated', 'repeated'],
    });
    expect(await fixture.counts({})).toEqual({ '': 4 });
  });

  test('two processes of one name are told apart by their epoch', async () => {
    const one = new Sender('node-1', 'aaaaaaaa').slot(NOON, [rowOf(ORDERS_GET, [1])]);
    const other = new Sender('node-1', 'bbbbbbbb').slot(NOON, [rowOf(ORDERS_GET, [1, 1])]);
    const { fates, received } = await fixture.history.receive([one, other]);
    expect(fates).toEqual(['added', 'added']);
    expect(received.map(({ epoch, through }) => [epoch, through])).toEqual([
      ['aaaaaaaa', 1],
      ['bbbbbbbb', 1],
    ]);
    expect(await fixture.counts({})).toEqual({ '': 3 });
  });

  test('a slot from long ago, from the future, or none at all is refused, and not asked for again', async () => {
    const sender = new Sender();
    const slots = [
      sender.slot(NOON - 40 * DAY, [rowOf(ORDERS_GET, [1])]),
      sender.slot(NOON + 2 * HOUR, [rowOf(ORDERS_GET, [1])]),
      sender.slot(NOON + 1, [rowOf(ORDERS_GET, [1])]),
      { ...sender.slot(NOON, [rowOf(ORDERS_GET, [1])]), rows: [{ ...rowOf(ORDERS_GET, [1]), key: ['orders'] }] },
    ];
    expect((await fixture.history.receive(slots)).fates).toEqual(['too_old', 'ahead', 'malformed', 'malformed']);
    expect((await fixture.history.receive(slots.slice(0, 2))).fates).toEqual(['repeated', 'repeated']);
    expect(await fixture.counts({ sinceMs: NOON - 60 * DAY })).toEqual({});
  });

  test('corrections take away what was counted, in the histogram too', async () => {
    const sender = new Sender();
    const unreported = { ...ORDERS_GET, status: '', outcome: 'unreported' };
    await fixture.history.receive([sender.slot(NOON, [rowOf(unreported, [], 2)], { decided: 2, unreported: 2 })]);
    const taken = { ...rowOf(unreported, [], 1), count: -1, requestBytes: -100, responseBytes: -1000, policyMs: -0.25 };
    await fixture.history.receive([
      sender.slot(NOON, [taken, rowOf(ORDERS_GET, [5])], { reported: 1, unreported: -1 }),
    ]);
    const { rows, completeness } = await fixture.ask({ by: ['outcome'] });
    expect(rows).toMatchObject([
      { values: ['processed'], count: 1, durations: [bucketOf(5), 1] },
      { values: ['unreported'], count: 1, durations: [] },
    ]);
    expect(completeness).toEqual({ decided: 2, reported: 1, unreported: 1, unknown: 0 });
    const none = {
      ...rowOf(ORDERS_GET, [5]),
      count: -1,
      requestBytes: -100,
      responseBytes: -1000,
      durationCount: -1,
      durationMs: -5,
      policyMs: -0.25,
      durations: [bucketOf(5), -1],
    };
    await fixture.history.receive([sender.slot(NOON + 10 * SECOND, [none])]);
    expect(await fixture.counts({ by: ['outcome'] })).toEqual({ unreported: 1 });
    expect((await fixture.ask({})).total.durations).toEqual([]);
  });

  test('quantiles are of all requests together, within a bucket', async () => {
    const sender = new Sender();
    const durations = Array.from({ length: 1000 }, (_, at) => at + 1);
    for (let at = 0; at < 10; at += 1) {
      const some = durations.filter((each) => each % 10 === at);
      await fixture.history.receive([
        sender.slot(NOON + at * 10 * SECOND, [rowOf({ ...ORDERS_GET, route: `/r${at}` }, some)]),
      ]);
    }
    const { rows, total } = await fixture.ask({ by: ['api'] });
    expect(rows).toMatchObject([{ count: 1000, durationCount: 1000, durationMs: 500_500 }]);
    expect(total.durations).toEqual(rows[0]?.durations);
    for (const share of [0.5, 0.95, 0.99]) {
      const value = quantileOf(rows[0]?.durations ?? [], share) ?? 0;
      expect(Math.abs(value / (share * 1000) - 1), String(share)).toBeLessThan(0.05);
    }
  });

  test('steps of time have their rows, and `most` is of combinations', async () => {
    const sender = new Sender();
    for (let at = 0; at < 12; at += 1) {
      await fixture.history.receive([
        sender.slot(NOON + at * 10 * SECOND, [rowOf(ORDERS_GET, at < 6 ? [1] : [1, 1]), rowOf(PETS_DENIED, [1])]),
      ]);
    }
    const question = { sinceMs: NOON, untilMs: NOON + 2 * MINUTE, stepMs: MINUTE };
    const all = {
      [`orders ${NOON}`]: 6,
      [`orders ${NOON + MINUTE}`]: 12,
      [`pets ${NOON}`]: 6,
      [`pets ${NOON + MINUTE}`]: 6,
    };
    expect(await fixture.counts({ ...question, by: ['api'] })).toEqual(all);
    expect(await fixture.ask({ ...question, by: ['api'], most: 1 })).toMatchObject({
      rows: [{ values: ['orders'] }, { values: ['orders'] }],
      combinations: 2,
      total: { count: 30 },
      periodMs: MINUTE,
    });
    fixture.clock.nowMs = NOON + 5 * MINUTE;
    await fixture.history.keepUp();
    expect(await fixture.counts({ ...question, by: ['api'] })).toEqual(all);
  });

  test('steps tell of which time anything is known: of one without requests too, and of none without a slot', async () => {
    const sender = new Sender();
    const some = { decided: 3, reported: 2, unreported: 1 };
    await fixture.history.receive([
      sender.slot(NOON, [rowOf(ORDERS_GET, [1])], some),
      sender.slot(NOON + 10 * SECOND, [rowOf(ORDERS_GET, [1])], some),
      // Nobody called.
      sender.slot(NOON + MINUTE, []),
      sender.slot(NOON + 3 * MINUTE, [rowOf(PETS_DENIED, [1])], { decided: 1, unknown: 1 }),
    ]);
    const question = { sinceMs: NOON, untilMs: NOON + 5 * MINUTE, stepMs: MINUTE, where: [is('api', 'orders')] };
    const nothing = { decided: 0, reported: 0, unreported: 0, unknown: 0 };
    const spans = [
      { startMs: NOON, decided: 6, reported: 4, unreported: 2, unknown: 0 },
      { startMs: NOON + MINUTE, ...nothing },
      { startMs: NOON + 3 * MINUTE, ...nothing, decided: 1, unknown: 1 },
    ];
    expect((await fixture.ask(question)).spans).toEqual(spans);
    fixture.clock.nowMs = NOON + 3 * HOUR;
    await fixture.history.keepUp();
    expect((await fixture.ask(question)).spans).toEqual(spans);
    expect((await fixture.ask({ ...question, untilMs: NOON + HOUR, stepMs: HOUR })).spans).toEqual([
      { startMs: NOON, decided: 7, reported: 4, unreported: 2, unknown: 1 },
    ]);
    expect((await fixture.ask({ by: [] })).spans).toBeUndefined();
  });
}
