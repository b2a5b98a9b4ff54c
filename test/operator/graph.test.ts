import { describe, expect, it } from 'vitest';
import type { GraphRequest } from '../../gen/ostiary/v1/analytics_pb.js';
import type { AnalyticsDesk } from '../../src/operator/analytics-desk.ts';
import { graphOf } from '../../src/operator/analytics-graph.ts';
import { isElsewhere } from '../../src/operator/graph-kinds.ts';
import { graphQuestionOf } from '../../src/operator/graph-question.ts';
import type { GraphSurroundings } from '../../src/operator/graph-surroundings.ts';
import { KeptSlots, rowOf, slotOf } from '../rollup/kept-slots.ts';
import { analyticsApis, NOW } from './analytics-fixture.ts';

const OK = { status: '200', outcome: 'processed' };
const FAILED = { status: '503', outcome: 'processed' };
const PAY = 'outbound|443||api.pay.example';

/** shop → orders → stock, shop → pay → a service elsewhere, till → pay; batch calls stock past any API. */
function archive(): KeptSlots {
  const kept = new KeptSlots();
  kept.take(
    slotOf(NOW - 600_000, [
      rowOf({ api: 'orders', client: 'shop', contract: 'c1', tier: 'gold', service: 'stock', ...OK }, 400),
      rowOf({ api: 'orders', client: 'shop', contract: 'c1', tier: 'gold', service: 'stock', ...FAILED }, 5),
      rowOf({ api: 'pay', client: 'shop', contract: 'c2', tier: 'free', service: PAY, ...OK }, 50),
      rowOf({ api: 'pay', client: 'till', contract: 'c3', tier: 'free', service: PAY, ...FAILED }, 3),
      rowOf({ source: 'spiffe://mesh/batch', service: 'stock', status: '200', outcome: 'unchecked' }, 20),
    ]),
  );
  return kept;
}

const teams: GraphSurroundings['teams'] = {
  of: (kind, name) => (kind === 'api' && name === 'pay' ? 'payments' : undefined),
  names: (team) => ({ apis: team === 'payments' ? ['pay'] : [], clients: team === 'tills' ? ['till'] : [] }),
};
const surroundings: GraphSurroundings = {
  teams,
  limitsOf: async (contracts) =>
    contracts.map(({ tier }) => (tier === 'gold' ? [{ maximumRequests: 100, timePeriodInMilliseconds: 1000 }] : [])),
};

const NOTHING = { where: [], limit: 0, team: '', minRate: 0, errorsOnly: false, around: '', steps: 0, layout: false };

async function edges(asked: Partial<GraphRequest>, known = surroundings): Promise<readonly string[]> {
  const kept = archive();
  const question = graphQuestionOf({ ...NOTHING, ...asked } as GraphRequest, NOW, known);
  const graph = await graphOf(question, (each) => kept.ask(each), known);
  return graph.edges.map(({ from = '', to = '' }) => `${from} ${to}`.replaceAll(/\w+:/g, '').replace(PAY, 'PAY'));
}

describe('a graph', () => {
  it('has what is near a node, step by step, in either direction', async () => {
    expect(await edges({ around: 'client:till' })).toEqual(['till pay']);
    expect(await edges({ around: 'client:till', steps: 2 })).toEqual(['shop pay', 'till pay', 'pay PAY']);
    expect(await edges({ around: 'service:stock' })).toEqual(['orders stock', '//mesh/batch stock']);
    expect(await edges({ around: 'client:till', steps: 5 })).toHaveLength(6);
    expect(await edges({ around: 'client:nobody', steps: 5 })).toEqual([]);
  });

  it('has edges with so many requests, with errors, and of a team alone', async () => {
    expect(await edges({ minRate: 50 / 3600 })).toEqual(['shop orders', 'shop pay', 'orders stock', 'pay PAY']);
    expect(await edges({ errorsOnly: true })).toEqual(['shop orders', 'till pay', 'orders stock', 'pay PAY']);
    expect(await edges({ errorsOnly: true, minRate: 50 / 3600 })).toEqual(['shop orders', 'orders stock', 'pay PAY']);
    expect(await edges({ team: 'payments' })).toEqual(['shop pay', 'till pay', 'pay PAY']);
    expect(await edges({ team: 'tills' })).toEqual(['till pay', 'pay PAY']);
    expect(await edges({ team: 'nobody' })).toEqual([]);
  });

  it('shows whose nodes are, which are elsewhere, and the limits of contracts', async () => {
    const kept = archive();
    const question = graphQuestionOf({ ...NOTHING, layout: true } as unknown as GraphRequest, NOW, surroundings);
    const graph = await graphOf(question, (each) => kept.ask(each), surroundings);
    const told = graph.nodes.map(({ id, team, external, place }) => [id, team, external, place?.layer]);
    expect(told).toEqual([
      ['client:shop', '', false, 0],
      ['api:orders', '', false, 1],
      ['api:pay', 'payments', false, 1],
      ['client:till', '', false, 0],
      ['service:stock', '', false, 2],
      [`service:${PAY}`, '', true, 3],
      ['workload:spiffe://mesh/batch', '', false, 0],
    ]);
    expect(graph.edges[0]?.contracts).toMatchObject([
      { name: 'c1', tier: 'gold', count: 405n, limits: [{ maximumRequests: 100n }] },
    ]);
    expect(graph.omitted).toBe(0n);
  });

  it('has no place for nodes where none was asked for, and leaves out what is too much', async () => {
    const kept = archive();
    const question = graphQuestionOf({ ...NOTHING, limit: 1 } as unknown as GraphRequest, NOW, surroundings);
    const graph = await graphOf(question, (each) => kept.ask(each), surroundings);
    expect(graph.nodes.every(({ place }) => place === undefined)).toBe(true);
    expect([graph.edges.length, graph.omitted]).toEqual([3, 3n]);
  });

  it.each([
    ['outbound|443||api.pay.example', true],
    ['PassthroughCluster', true],
    ['outbound|8080||orders.shop.svc.cluster.local', false],
    ['outbound|8080|v2|orders.shop.svc', false],
    ['inbound|8080||', false],
    ['backend', false],
  ])('takes the service %s to be elsewhere: %s', (service, is) => expect(isElsewhere(service)).toBe(is));

  it.each([
    [{ team: 'shop' }, 'team: one sidecar does not know of teams: ask the control plane'],
    [{ around: 'orders' }, 'around: no node is called "orders": expected client:NAME'],
    [{ steps: 2 }, 'steps: around which node?'],
    [{ around: 'api:orders', steps: 6 }, 'steps: expected at most 5'],
    [{ minRate: -1 }, 'min_rate: expected requests a second, 0 or more'],
    [{ minRate: Number.NaN }, 'min_rate: expected requests a second'],
    [{ limit: 1001 }, 'limit: expected at most 1000'],
  ])('%j is refused, with what would do', async (request, why) => {
    const asking = analyticsApis();
    const { client } = await asking({ archive: archive() } satisfies Partial<AnalyticsDesk>);
    await expect(client.graph(request)).rejects.toThrow(why);
  });
});
