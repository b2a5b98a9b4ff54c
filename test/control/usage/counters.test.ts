import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { InspectCountersRequestSchema, InspectCountersResponseSchema } from '../../../gen/ostiary/v1/inspection_pb.js';
import { countersOf } from '../../../src/control/usage/counters.ts';
import { openCatalog } from '../catalog/fixture.ts';

/** As a sidecar tells it of the tier silver. */
function answer(ofSecond: number, ofDay: number): Uint8Array {
  const counters = [
    { limit: 100n, windowMs: 1000n, remainingBefore: BigInt(ofSecond), resetMs: 400n },
    { limit: 10_000n, windowMs: 86_400_000n, remainingBefore: BigInt(ofDay), resetMs: 3_600_000n },
  ];
  const policies = [
    { name: 'zoo/other', policy: 'rate-limiting', counters: [{ limit: 1n, remainingBefore: 0n }] },
    { name: 'shop/orders/rate-limiting-sla', policy: 'rate-limiting-sla', counters },
  ];
  return toBinary(InspectCountersResponseSchema, create(InspectCountersResponseSchema, { policies }));
}

const asked: string[] = [];
const followers = {
  nodes: () => ['a', 'b', 'silent', 'gone'],
  ask: async (node: string, { method, request }: { readonly method: string; readonly request: Uint8Array }) => {
    const { api, clientId } = fromBinary(InspectCountersRequestSchema, request);
    asked.push(`${method} ${api} ${clientId}`);
    if (node === 'silent') throw new Error('no answer');
    return node === 'gone' ? undefined : node === 'a' ? answer(90, 9000) : answer(100, 2000);
  },
};

test('the counters of a contract are those of the sidecar that has the least left', async () => {
  const counted = await countersOf(followers, { api: 'shop/orders', clientId: 'id-of-mobile' });
  expect(counted).toMatchObject({ asked: 4, counting: 2, differs: true });
  expect(counted.windows.map(({ used, endsInMs }) => [used, endsInMs])).toEqual([
    [0, 400],
    [8000, 3_600_000],
  ]);
  expect(new Set(asked)).toEqual(new Set(['/ostiary.v1.InspectionService/InspectCounters shop/orders id-of-mobile']));
});

test('usage is told of each limit, with where it comes from', async () => {
  const services = await openCatalog({ followers, archive: undefined });
  const request = { namespace: 'shop', name: 'zoo-mobile-orders' };
  expect(await services.ask('UsageService/GetUsage', request, 'user:zoe')).toMatchObject({
    source: 'USAGE_SOURCE_COUNTERS',
    askedSidecars: 4,
    countingSidecars: 2,
    differs: true,
    limits: [{ used: '0' }, { limit: { calendar: 'day' }, used: '8000', forecast: {} }],
  });
  await services.close();
});
