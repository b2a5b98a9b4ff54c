import { expect, test } from 'vitest';
import type { SampledRequest } from '../../src/analytics/sampled-request.ts';
import { systemTimers as timers } from '../../src/clock.ts';
import { SampleStore } from '../../src/control/sample-store.ts';
import type { HistoryPlace } from '../../src/history/open-history.ts';
import type { Dimension } from '../../src/rollup/slot.ts';
import { opened } from './mesh-behaviour.ts';

const NOON = Date.UTC(2026, 10, 28, 12);

function sampleOf(id: string, receivedAt: number, more: object = {}): SampledRequest {
  const event = { id, receivedAt, endedAt: receivedAt + 1, outcome: 'blocked', method: 'GET', status: 401 } as const;
  return {
    event: { ...event, api: 'orders', reason: 'x', responseFlags: [], requestBytes: 0, responseBytes: 0, ...more },
    steps: [],
  };
}

/** What the samples of all sidecars do, wherever they are kept. */
export function keepsSamples(newPlace: () => Promise<HistoryPlace>): void {
  test('finds samples by what is no column too, page by page, and one by its id', async () => {
    const { mesh } = await opened(await newPlace());
    const clock = { now: () => NOON, monotonic: () => performance.now() };
    const store = await SampleStore.open(mesh.history.database, { clock, timers, onFault: () => {} });
    // More than are read at once, at the same moment.
    const many = Array.from({ length: 1200 }, (_, at) => sampleOf(`same-${at}`, NOON - 5000, { route: `/${at}` }));
    const slow = sampleOf('slow', NOON - 90_000, { status: 503, route: '/slow', source: 'spiffe://mesh/a' });
    store.take('eu-1', [...many, slow]);
    const day = { sinceMs: NOON - 86_400_000, untilMs: NOON, most: 10 };
    const idsOf = async (question: object): Promise<readonly string[]> =>
      (await store.find({ ...day, ...question })).map(({ event: { id } }) => id);
    const is = (dimension: Dimension, value: string, isExcluded = false) => ({
      dimension,
      values: [value],
      isExcluded,
    });
    expect(await idsOf({ where: [is('status', '503')] })).toEqual(['slow']);
    expect(await idsOf({ where: [is('route', '/slow')], reason: 'quota_spent' })).toEqual([]);
    expect(await idsOf({ where: [{ ...is('route', '/7'), or: is('route', '/1100') }] })).toHaveLength(2);
    expect(await idsOf({ where: [is('source', '', true)] })).toEqual(['slow']);
    expect(await idsOf({ id: 'same-77' })).toEqual(['same-77']);
    await store.close();
    await mesh.close();
  });

  test('keeps samples of all sidecars for a day, each once, and of one no more than its share', async () => {
    const { mesh } = await opened(await newPlace());
    let now = NOON;
    const clock = { now: () => now, monotonic: () => 0 };
    const faults: unknown[] = [];
    const store = await SampleStore.open(mesh.history.database, {
      clock,
      timers,
      onFault: (error) => faults.push(error),
    });
    const many = Array.from({ length: 2100 }, (_, at) => sampleOf(`many-${at}`, NOON - 5000 - at));
    const good = sampleOf('good', NOON - 9000, { client: 'shop' });
    store.take('eu-2', [good]);
    store.take('eu-1', [...many, sampleOf('nul\0', NOON), sampleOf('future', NOON + 86_400_000)]);
    store.take('eu-2', [good]);
    const ask = { sinceMs: NOON - 86_400_000, untilMs: NOON + 1, most: 5000 };
    expect(await store.find({ ...ask, client: 'shop' })).toEqual([good]);
    expect((await store.find({ ...ask, most: 2 })).map(({ event: { id } }) => id)).toEqual(['many-0', 'many-1']);
    await store.keepUp();
    expect(await store.find(ask)).toHaveLength(2001);
    now = NOON + 86_400_000 - 6000;
    await store.keepUp();
    expect((await store.find({ ...ask, untilMs: now })).length).toBeLessThan(2000);
    expect(await store.find({ ...ask, client: 'shop', untilMs: now })).toEqual([]);
    expect(faults).toEqual([]);
    await store.close();
    await mesh.close();
  });
}
