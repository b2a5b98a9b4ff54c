import type { SampledRequest } from '../../src/analytics/sampled-request.ts';
import type { Dimension } from '../../src/rollup/slot.ts';

export const NOON = Date.UTC(2026, 10, 28, 12);
const OF_REQUESTS = { outcome: 'processed', status: '200', method: 'GET' };

/** Each of these is a number of requests with a digit of its own: a sum says which of them it is of. */
export const ROWS: readonly (readonly [count: number, key: Partial<Record<Dimension, string>>])[] = [
  [1, requestOf('shop', 'orders', 'shop/web')],
  [10, requestOf('shop', 'orders', 'food/bot')],
  [100, requestOf('food', 'menu', 'food/bot')],
  [1000, requestOf('food', 'menu', 'shop/web')],
  [10_000, requestOf('food', 'kitchen', 'food/inner')],
  [100_000, requestOf('shop', 'orders', '_other')],
  [1_000_000, requestOf('shop', 'orders', '')],
  [10_000_000, { api: '_other', client: '_other', route: '_other', status: '200', outcome: 'processed' }],
  [100_000_000, { status: '404', outcome: 'rejected_by_envoy' }],
];

/** How an API handles requests, and who asked it: with names that tell whose they are. */
function requestOf(team: string, name: string, client: string): Partial<Record<Dimension, string>> {
  const called = `${name}-by-${client.replace('/', '-')}`;
  return {
    ...OF_REQUESTS,
    api: `${team}/${name}`,
    route: `/${name}`,
    client,
    contract: client.includes('/') ? `${team}/${called}` : '',
    tier: client.includes('/') ? `tier-of-${called}` : '',
    policy: `policy-of-${called}`,
    reason: `reason-of-${called}`,
    source: `spiffe://source-of-${called}`,
    service: `service-of-${called}`,
  };
}

interface Seen {
  /** The sum of what they see. */
  readonly all: number;
  /** Of what their APIs do inside: no caller is told. */
  readonly inner: number;
}

const EVERYTHING = { all: 111_111_111, inner: 111_111_111 };
const OF_SHOP_APIS = 1_100_011;
export const SEEN: Readonly<Record<string, Seen>> = {
  'shop admin': { all: OF_SHOP_APIS + 1000, inner: OF_SHOP_APIS },
  'shop viewer': { all: OF_SHOP_APIS + 1000, inner: OF_SHOP_APIS },
  'shop auditor': { all: OF_SHOP_APIS + 1000, inner: OF_SHOP_APIS },
  'shop owner': { all: OF_SHOP_APIS, inner: OF_SHOP_APIS },
  'shop developer': { all: 1001, inner: 0 },
  'food admin': { all: 11_110, inner: 11_100 },
  'food owner': { all: 11_100, inner: 11_100 },
  'food developer': { all: 10_110, inner: 0 },
  'platform admin': EVERYTHING,
  'platform viewer': EVERYTHING,
  'platform auditor': EVERYTHING,
  'none ': { all: -1, inner: -1 },
};

/** What no answer to them may have a word of. */
const HIDDEN: Readonly<Record<string, RegExp>> = {
  shop: /kitchen|food\/inner|(policy|service|source)-of-menu|menu-by-food|"_other","_other"/,
  'shop owner': /food\/menu|kitchen|food\/inner|menu-by/,
  'shop developer': /kitchen|food\/(?!menu)|policy-of|service-of|source-of|menu-by-food|orders-by-food|_other/,
  food: /orders-by-shop|(policy|service|source)-of-orders|_other/,
  'food owner': /orders|_other/,
  'food developer': /orders-by-shop|shop\/web|policy-of|service-of|source-of|_other/,
};
/** A caller hears the name of the API that it calls. */
export const hiddenFrom = (who: string): RegExp | undefined => HIDDEN[who] ?? HIDDEN[who.split(' ')[0] ?? ''];

export function sampleOf(count: number, key: Partial<Record<Dimension, string>>): SampledRequest {
  const { api: called, client, contract, policy, reason, route, service, source, tier } = key;
  const event = {
    id: `sample-${count}`,
    receivedAt: NOON - 60_000,
    endedAt: NOON - 59_000,
    outcome: 'blocked',
    method: 'GET',
    status: 401,
    responseFlags: [],
    requestBytes: 0,
    responseBytes: 0,
    ...(called !== undefined && { api: called }),
    ...(client !== undefined && { client }),
    ...(contract !== undefined && { contract }),
    ...(policy !== undefined && { policy }),
    ...(reason !== undefined && { reason }),
    ...(route !== undefined && { route }),
    ...(service !== undefined && { service, upstreamHost: `upstream-${service}`, destination: `to-${service}` }),
    ...(source !== undefined && { source }),
    ...(tier !== undefined && { tier }),
  } as const;
  const steps =
    policy === undefined
      ? []
      : [{ name: policy, policy: 'x', mode: 'enforce', result: 'deny', durationMs: 1 } as const];
  return { event, steps };
}
