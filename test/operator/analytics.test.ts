import { durationFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { RankBy } from '../../gen/ostiary/v1/analytics_pb.js';
import { PolicyStep_Mode as Mode, PolicyStep_Result as Result } from '../../gen/ostiary/v1/inspection_pb.js';
import type { RequestEvent } from '../../src/analytics/event.ts';
import type { SampleQuestion } from '../../src/analytics/sampled-request.ts';
import { rowOf, slotOf } from '../rollup/kept-slots.ts';
import { analyticsApis, HOUR, NOW, OK, SHOP, TILL } from './analytics-fixture.ts';

describe('ostiary.v1.AnalyticsService', () => {
  const ask = analyticsApis();

  it('counts by dimensions, the most first, with the total and how complete it is', async () => {
    const { client } = await ask();
    const answer = await client.query({ by: ['client', 'status'] });
    expect(answer.by).toEqual(['client', 'status']);
    expect(answer.rows.map(({ values, usage }) => [...values, Number(usage?.count)])).toEqual([
      ['shop', '200', 60],
      ['shop', '429', 30],
      ['till', '200', 8],
      ['', '200', 5],
      ['till', '503', 2],
    ]);
    expect(answer.total).toMatchObject({ count: 105n, errors: 2n, denials: 30n, requestBytes: 10_500n });
    expect(answer.completeness).toMatchObject({ decided: 105n, reported: 105n, unreported: 0n, open: 0n });
    expect([answer.since, answer.until].map((time) => time && timestampMs(time))).toEqual([NOW - HOUR, NOW]);
  });

  it('tells how long requests took', async () => {
    const { client } = await ask();
    const { total } = await client.query({});
    const [usual, slow] = [2 ** (41 / 8), 2 ** (81 / 8)];
    expect(total?.durations?.mean).toBeCloseTo((103 * usual + 2 * slow) / 105, 6);
    expect(Math.abs((total?.durations?.p50 ?? 0) / usual - 1)).toBeLessThan(0.09);
    expect(Math.abs((total?.durations?.p99 ?? 0) / slow - 1)).toBeLessThan(0.09);
    expect(total?.durations?.policyMean).toBe(1);
    expect((await client.query({ where: [{ dimension: 'api', values: ['none'] }] })).total?.durations).toBeUndefined();
  });

  it('counts requests that meet every condition', async () => {
    const { client } = await ask();
    const countOf = async (...where: { dimension: string; values: string[]; excluded?: boolean }[]) =>
      Number((await client.query({ where })).total?.count);
    expect(await countOf({ dimension: 'status', values: ['5xx', '429'] })).toBe(32);
    expect(await countOf({ dimension: 'client', values: [''] })).toBe(5);
    expect(await countOf({ dimension: 'client', values: ['', 'till'], excluded: true })).toBe(90);
    expect(await countOf({ dimension: 'client', values: ['till'] }, { dimension: 'status', values: ['503'] })).toBe(2);
  });

  it('has a row for each step of time', async () => {
    const { archive, client } = await ask();
    archive.take(slotOf(NOW - 300_000, [rowOf({ ...TILL, ...OK }, 7)]));
    const answer = await client.query({
      by: ['client'],
      step: durationFromMs(60_000),
      where: [{ dimension: 'client', values: ['till'] }],
    });
    const told = answer.rows.map(({ start, usage }) => [(start ? timestampMs(start) : 0) - NOW, Number(usage?.count)]);
    expect(told).toEqual([
      [-600_000, 10],
      [-300_000, 7],
    ]);
    expect(answer.combinations).toBe(1n);
  });

  it('ranks, and compares with the time before', async () => {
    const { archive, client } = await ask();
    const time = { last: durationFromMs(HOUR) };
    expect((await client.top({ by: 'client', time })).rows[0]?.before).toBeUndefined();
    archive.take(slotOf(NOW - HOUR - 600_000, [rowOf({ ...SHOP, ...OK }, 45)]));
    const top = await client.top({ by: 'client', time, limit: 2 });
    expect(top.rows.map(({ value, share, before }) => [value, share, Number(before?.count)])).toEqual([
      ['shop', 90 / 105, 45],
      ['till', 10 / 105, 0],
    ]);
    expect(top.combinations).toBe(3n);
    const slowest = await client.top({ by: 'status', time, rankBy: RankBy.DURATION, limit: 1 });
    expect(slowest.rows.map(({ value, share }) => [value, share])).toEqual([['503', undefined]]);
    const failing = await client.top({ by: 'client', time, rankBy: RankBy.ERRORS, limit: 1 });
    expect(failing.rows).toMatchObject([{ value: 'till', share: 1 }]);
  });

  it('draws who depends on whom, with the contract and its limits behind each client', async () => {
    const { client } = await ask();
    const graph = await client.graph({});
    const told = graph.edges.map(({ from, to, usage }) => [from, to, Number(usage?.count), Number(usage?.denials)]);
    expect(told).toEqual([
      ['client:shop', 'api:orders', 90, 30],
      ['client:till', 'api:orders', 10, 0],
      ['client:', 'api:health', 5, 0],
      ['api:orders', 'service:backend', 70, 0],
      ['api:health', 'service:backend', 5, 0],
      ['workload:spiffe://mesh/shop', 'api:orders', 60, 0],
      ['workload:spiffe://mesh/shop', 'service:backend', 60, 0],
    ]);
    expect(graph.edges[0]?.rate).toBeCloseTo(90 / 3600);
    const limits = [{ name: 'burst', maximumRequests: 3n, timePeriodInMilliseconds: 60_000n }];
    const [ofShop, ofTill] = graph.edges;
    expect(ofShop?.contracts).toMatchObject([
      { name: 'shop-orders', tier: 'gold', limits, count: 90n, quotaDenials: 30n },
    ]);
    // Its contract is no longer in the documents.
    expect(ofTill?.contracts).toMatchObject([{ name: 'till-orders', tier: 'silver', limits: [], quotaDenials: 0n }]);
    expect(graph.nodes.map(({ id }) => id)).toHaveLength(7);
    const few = await client.graph({ limit: 1 });
    expect([few.edges.length, few.omitted]).toEqual([4, 3n]);
  });

  it('tells of each step how much is known of it', async () => {
    const { archive, client } = await ask();
    archive.take(slotOf(NOW - 300_000, []));
    const step = durationFromMs(60_000);
    const { spans } = await client.query({ step });
    expect(spans.map(({ start, decided }) => [Number(start?.seconds) * 1000 - NOW, Number(decided)])).toEqual([
      [-600_000, 105],
      [-300_000, 0],
    ]);
    const some = await (await ask({ archive, isOfSome: true })).client.query({ step });
    expect(some.spans.map(({ decided }) => decided)).toEqual([0n, 0n]);
    expect((await client.query({})).spans).toEqual([]);
  });

  it('lists samples of a day, without what is not known', async () => {
    const event: RequestEvent = {
      id: 'id-1',
      receivedAt: NOW - 1000,
      endedAt: NOW - 900,
      api: 'orders',
      outcome: 'blocked',
      policy: 'orders/0',
      reason: 'quota_spent',
      shadow: ['new-limit:quota_spent'],
      method: 'GET',
      status: 429,
      responseFlags: ['UAEX'],
      requestBytes: 10,
      responseBytes: 20,
      policyMs: 0.4,
    };
    const asked: SampleQuestion[] = [];
    const step = {
      name: 'orders/0',
      policy: 'rate-limiting',
      mode: 'enforce',
      result: 'deny',
      durationMs: 0.1,
    } as const;
    const { client } = await ask({
      samples: {
        find(question) {
          asked.push(question);
          return [{ event, steps: [{ ...step, reason: 'quota_spent' }] }];
        },
      },
    });
    const { samples } = await client.listSamples({ api: 'orders', limit: 5 });
    expect(asked).toEqual([{ sinceMs: NOW - 24 * HOUR, untilMs: NOW, api: 'orders', most: 5 }]);
    const told = { id: 'id-1', api: 'orders', client: '', reason: 'quota_spent', status: 429, responseBytes: 20n };
    expect(samples).toMatchObject([{ ...told, policyMs: 0.4, shadow: ['new-limit:quota_spent'] }]);
    expect(samples[0]?.durationMs).toBeUndefined();
    expect(samples[0]?.received && timestampMs(samples[0].received)).toBe(NOW - 1000);
    expect(samples[0]?.steps).toMatchObject([
      { name: 'orders/0', result: Result.DENY, mode: Mode.ENFORCE, reason: 'quota_spent' },
    ]);
  });
});
