import type { Field, Variables } from '../../src/cel/code.ts';
import { Timestamp } from '../../src/cel/value.ts';
import type { JsonMap, Value } from '../../src/cel/value.ts';

/** Variables as a policy has them, each read from a plain object. */
export interface Sample {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly client: Readonly<Record<string, string>>;
  readonly claims: JsonMap;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

function own<T extends Value>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

const text = (get: (sample: Sample) => string | undefined): Field<Sample> => ({ type: 'string', get });

export const variables: Variables<Sample> = {
  request: {
    fields: {
      method: text(({ request }) => request.method),
      path: text(({ request }) => request.path),
      headers: {
        type: { map: 'string', keys: 'string' },
        get: ({ request }) => request.headers,
        entry:
          (key) =>
          ({ request }) =>
            own(request.headers, key),
      },
    },
  },
  client: { fields: { id: text(({ client }) => client['id']), name: text(({ client }) => client['name']) } },
  claims: {
    type: { map: 'dyn', keys: 'string' },
    get: ({ claims }) => claims,
    entry:
      (key) =>
      ({ claims }) =>
        own(claims, key),
  },
  now: { type: 'google.protobuf.Timestamp', get: ({ now }) => new Timestamp(BigInt(now) * 1_000_000n) },
};

export const sample: Sample = {
  request: { method: 'GET', path: '/orders/7', headers: { host: 'shop.example.com', 'x-a': 'a,b' } },
  client: { name: 'mobile' },
  claims: {
    sub: 'alice',
    admin: true,
    roles: ['admin', 'billing', 'a'],
    level: 3,
    score: 0.25,
    realm: { roles: ['r'], a: 'r' },
    nothing: null,
  },
  now: Date.parse('2026-03-01T11:22:33.444Z'),
};
