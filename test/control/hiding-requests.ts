import { inspect } from 'node:util';
import { create, fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import type { DescMethodUnary, MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AnalyticsService, RankBy } from '../../gen/ostiary/v1/analytics_pb.js';
import { systemTimers as timers } from '../../src/clock.ts';
import { controlledAccess } from '../../src/control/controlled-access.ts';
import { openMesh } from '../../src/control/mesh.ts';
import type { Mesh } from '../../src/control/mesh.ts';
import { SampleStore } from '../../src/control/sample-store.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { HistoryPlace } from '../../src/history/open-history.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import { DIMENSIONS } from '../../src/rollup/slot.ts';
import type { Dimension } from '../../src/rollup/slot.ts';
import { rowOf, slotOf } from '../rollup/kept-slots.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api, app, document, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';
import { hiddenFrom, NOON, ROWS, sampleOf, SEEN } from './requests-of-teams.ts';

const { query, top, graph, listSamples } = AnalyticsService.method;
/** Dimensions that have some values alone. The first is of no request. */
const VALUES: Readonly<Partial<Record<Dimension, readonly string[]>>> = {
  status: ['599', '200', '404'],
  outcome: ['unreported', 'processed', 'rejected_by_envoy'],
};

const INNER: ReadonlySet<Dimension> = new Set(['policy', 'service', 'source']);

/** Numbers of requests are of their teams: each role sees its own, and nothing that tells of others. */
export function hidesRequestsOfOthers(
  newPlace: () => Promise<HistoryPlace>,
  asking: readonly string[] = Object.keys(SEEN),
): void {
  const seen = Object.entries(SEEN).filter(([name]) => asking.includes(name));
  let services: ControlServices;
  let mesh: Mesh;

  beforeAll(async () => {
    services = await openServices({ dataDir: scratchFolder('hiding-requests'), databaseUrl: undefined });
    const roles = ['admin', 'owner', 'developer', 'viewer', 'auditor'];
    const team = (name: string, namespaces: readonly string[]) => {
      const members = roles.map((role) => ({ user: `${role}@${name}.example`, role }));
      return document('Team', name, { namespaces, members }, { namespace: 'platform' });
    };
    const told = await services.apply([
      team('platform', []),
      team('shop', ['shop']),
      team('food', ['food']),
      api('orders', {}, { namespace: 'shop' }),
      api('menu', {}, { namespace: 'food' }),
      api('kitchen', {}, { namespace: 'food' }),
      app('web', {}, { namespace: 'shop' }),
      app('bot', {}, { namespace: 'food' }),
      app('inner', {}, { namespace: 'food' }),
    ]);
    expect(told).not.toHaveProperty('faults');
    const access = controlledAccess(async ({ authorization = '' }) => {
      const [, name = ''] = /^Bearer (.*)$/.exec(authorization) ?? [];
      return { name: `user:${name}`, credential: 'session:1', address: '', isBootstrap: false, groups: [] };
    }, services.index);
    const nothing = () => {};
    const clock = { now: () => NOON, monotonic: () => performance.now() };
    mesh = await openMesh(await newPlace(), {
      sidecars: { list: async () => [] },
      identify: () => Promise.reject(new RpcError(Code.unauthenticated, 'no')),
      access,
      index: services.index,
      resources: services.registry,
      clock,
      timers,
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing } as never,
      registry: new Registry(),
    });
    const rows = ROWS.map(([count, key]) => rowOf(key, count));
    const completeness = { decided: 222_222_222, reported: 222_222_222, unreported: 3, unknown: 4 };
    const told2 = slotOf(NOON - 600_000, rows, { node: 'node-of-the-mesh', completeness, folded: 333 });
    await mesh.history.receive([told2]);
    const samples = await SampleStore.open(mesh.history.database, { clock, timers, onFault: nothing });
    samples.take(
      'node-of-the-mesh',
      ROWS.map(([count, key]) => sampleOf(count, key)),
    );
    await samples.close();
  });
  afterAll(async () => {
    await mesh.close();
    await services.close();
  });

  async function ask(who: string, { name, input, output }: DescMethodUnary, given: object) {
    const [team, role] = who.split(' ');
    const method = mesh.methods.find(({ path }) => path.endsWith(`AnalyticsService/${name}`));
    if (method?.kind !== 'unary') throw new TypeError(name);
    const call = {
      deadline: Infinity,
      signal: new AbortController().signal,
      authorization: `Bearer ${role}@${team}.example`,
    };
    const bytes = await method.handle(
      toBinary(input, create(input, given as MessageInitShape<DescMethodUnary['input']>)),
      call,
    );
    return toJson(output, fromBinary(output, bytes)) as Record<string, unknown>;
  }
  const sumOf = ({ total }: Record<string, unknown>): number => Number(Object(total)['count'] ?? 0);

  /** Everything that can be asked, as often as a dimension can be named; with what its total is of. */
  const questions = (): readonly (readonly [isInner: boolean, DescMethodUnary, object, isAll?: boolean])[] => [
    [false, query, {}, true],
    [false, query, { step: { seconds: 60n } }, true],
    [false, query, { by: ['api', 'client'], limit: 1 }, true],
    [true, query, { by: ['client', 'service'] }, true],
    ...DIMENSIONS.flatMap((dimension) => {
      const isInner = INNER.has(dimension);
      const [nothing, ...others] = VALUES[dimension] ?? ['nothing', 'food/kitchen', '_other', '', 'food/inner'];
      return [
        [isInner, query, { by: [dimension] }, true],
        [isInner, query, { by: ['status'], where: [{ dimension, values: [nothing], excluded: true }] }, true],
        [isInner, query, { by: ['api'], where: [{ dimension, values: others }] }],
        ...[RankBy.REQUESTS, RankBy.ERRORS, RankBy.BYTES].map(
          (rankBy) => [isInner, top, { by: dimension, rankBy, limit: 1 }, true] as const,
        ),
      ] as const;
    }),
    ...DIMENSIONS.map((dimension) => {
      const [nothing] = VALUES[dimension] ?? ['nothing'];
      return [false, listSamples, { where: [{ dimension, values: [nothing], excluded: true }] }] as const;
    }),
    [false, listSamples, { id: 'sample-10000000' }],
    [false, graph, { layout: true }],
    [false, graph, { team: 'food' }],
    [false, graph, { around: 'api:food/menu', steps: 5 }],
    [false, graph, { around: 'client:food/inner', steps: 5 }],
    [false, graph, { minRate: 0.0001 }],
    [false, graph, {}],
    [false, graph, { limit: 1 }],
    [true, graph, { where: [{ dimension: 'service', values: ['nothing'], excluded: true }] }],
    [false, listSamples, {}],
    [false, listSamples, { api: 'food/kitchen' }],
    [false, listSamples, { client: '_other' }],
    [false, listSamples, { reason: 'reason-of-kitchen-by-food-inner' }],
  ];

  test.each(seen)('%s sees the requests that concern them, and no word of others', async (who, { all, inner }) => {
    for (const [isInner, method, request, isAll = false] of questions()) {
      const what = `${who}: ${method.name} ${inspect(request, { depth: 5 })}`;
      if (all < 0) {
        await expect(ask(who, method, request), what).rejects.toMatchObject({ code: Code.permissionDenied });
        continue;
      }
      const answer = await ask(who, method, request);
      const told = JSON.stringify(answer);
      if (isAll) expect(sumOf(answer), what).toBe(isInner ? inner : all);
      const pattern = hiddenFrom(who);
      if (pattern === undefined) continue;
      expect(told, what).not.toMatch(pattern);
      expect(told, what).not.toMatch(/completeness|node-of-the-mesh|222222222/);
      const { combinations, rows } = answer as { combinations?: string; rows?: readonly unknown[] };
      const isWhole = !('limit' in request) && !('step' in request);
      if (isWhole && (method === query || method === top))
        expect(Number(combinations ?? 0), what).toBe(rows?.length ?? 0);
    }
  });

  test('a question for what somebody does not see is answered as one for what is not there', async () => {
    for (const who of ['shop owner', 'shop developer', 'food developer']) {
      const told = async (name: string) => {
        const where = [{ dimension: 'api', values: [name] }];
        const asked = [await ask(who, query, { where, by: ['client'] }), await ask(who, top, { where, by: 'status' })];
        return [...asked, await ask(who, graph, { where }), await ask(who, listSamples, { api: name })];
      };
      expect(await told(who.startsWith('food') ? 'shop/none-of-yours' : 'food/kitchen')).toEqual(
        await told('food/none'),
      );
    }
  });

  test('samples are of what is seen, and of a call to another team without how it was handled there', async () => {
    const idsOf = async (who: string) => {
      const { samples = [] } = (await ask(who, listSamples, {})) as { samples?: readonly { id: string }[] };
      return samples.map(({ id }) => Number(id.replace('sample-', ''))).reduce((sum, each) => sum + each, 0);
    };
    for (const [who, { all }] of Object.entries(SEEN)) if (all >= 0) expect(await idsOf(who), who).toBe(all);
  });
}
