import { describe, expect, it } from 'vitest';
import { broughtKeys } from '../../src/contract/api-key.ts';
import type { Contract } from '../../src/contract/contract.ts';
import { hashSecret } from '../../src/contract/secret.ts';
import kind from '../../src/policies/api-key.ts';
import type { AccessPolicy, Outcome } from '../../src/policy/policy.ts';
import { checkOf, directoryOf, requestOf, stillClock } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';

const brought = broughtKeys(Buffer.alloc(32, 1));
const issued = (id: string, secret: string, expiresAt?: number) => ({ id, secret: hashSecret(secret), expiresAt });
const shop = {
  name: 'shop',
  clientId: 'shop-id',
  secrets: [],
  apiKeys: [
    issued('old', 'secret-1'),
    issued('new', 'secret-2'),
    issued('past', 'secret-3', 0),
    { hmac: brought.hmac('legacy'), expiresAt: undefined },
  ],
};
const late = { name: 'late', clientId: 'late-id', secrets: [], apiKeys: [issued('late', 'x')] };
const lone = { name: 'lone', clientId: 'lone-id', secrets: [], apiKeys: [issued('lone', 'x')] };
const GOLD = { name: 'gold', limits: [] };
const contracts: Contract[] = [
  { name: 'shop-orders', api: 'orders', client: shop, status: 'approved', tier: GOLD },
  { name: 'late-orders', api: 'orders', client: late, status: 'revoked', tier: GOLD },
];

type Parts = CheckParts & { readonly query?: string };

function decide(
  config: object,
  { query = '', ...parts }: Parts,
  environment: object = { broughtKeys: brought },
): Outcome {
  const policy = kind.create(kind.options.parse(config), { clock: stillClock, ...environment }) as AccessPolicy;
  const directory = directoryOf(contracts, [lone]);
  return policy.decide(requestOf(checkOf(parts), { directory, path: { path: '/', query } })) as Outcome;
}

const header = (key: string, name = 'x-api-key'): Parts => ({ headers: { [name]: key } });
const EVERYWHERE = {
  places: [
    { header: 'X-Api-Key' },
    { header: 'authorization', scheme: 'ApiKey' },
    { query: 'api_key' },
    { cookie: 'key' },
  ],
  forwardCredentials: true,
};

describe('api-key', () => {
  it.each(['old.secret-1', 'new.secret-2', 'legacy'])(
    'admits the client whose key is %s, and tells the upstream',
    (key) => {
      expect(decide({}, header(key))).toEqual({
        identity: { client: shop, contract: contracts[0] },
        upstream: [
          ['x-ostiary-client-id', 'shop-id'],
          ['x-ostiary-client-name', 'shop'],
          ['x-ostiary-tier', 'gold'],
        ],
        remove: ['x-api-key'],
      });
    },
  );

  it.each([
    ['no key', {}, 'credentials_missing'],
    ['an empty key', header(''), 'credentials_missing'],
    ['an id that nobody has', header('who.secret-1'), 'client_unknown'],
    ['the key of another form without a dot', header('old'), 'client_unknown'],
    ['a wrong secret', header('old.secret-2'), 'secret_wrong'],
    ['an expired key', header('past.secret-3'), 'key_expired'],
    ['a key sent twice', header('old.secret-1,old.secret-1'), 'credentials_malformed'],
    ['a huge key', header(`old.${'x'.repeat(5000)}`), 'credentials_malformed'],
    ['a contract that is not approved', header('late.x'), 'contract_not_approved'],
    ['no contract', header('lone.x'), 'contract_missing'],
  ])('denies %s', (_what, parts, cause) => {
    const found = decide({}, parts);
    expect(found).toMatchObject({ reason: 'api_key_rejected', cause });
    expect(JSON.stringify(found)).not.toMatch(/secret-\d/);
  });

  it('knows no key of another form without the key of the service', () => {
    expect(decide({}, header('legacy'), {})).toMatchObject({ cause: 'client_unknown' });
    expect(decide({}, header('old.secret-1'), {})).toMatchObject({ identity: { client: shop } });
  });

  it.each<[string, Parts]>([
    ['a header', header('old.secret-1')],
    ['a header with a scheme', header('apikey   old.secret-1', 'authorization')],
    ['the query', { query: 'a=1&api_key=old.secret-1' }],
    ['the query, encoded', { query: 'api%5fkey=old%2Esecret-1' }],
    ['a cookie', header('a=b; key=old.secret-1; c', 'cookie')],
    ['a cookie in quotes', header('key="old.secret-1"', 'cookie')],
    ['several places that agree', { ...header('old.secret-1'), query: 'api_key=old.secret-1' }],
  ])('takes the key from %s', (_what, parts) => {
    expect(decide(EVERYWHERE, parts)).toMatchObject({ identity: { client: shop }, remove: [] });
  });

  it.each<[string, Parts]>([
    ['two places that differ, both right', { ...header('old.secret-1'), query: 'api_key=new.secret-2' }],
    ['two places, the first of them right', { ...header('old.secret-1'), query: 'api_key=x' }],
    ['two places, the second of them right', { ...header('x'), query: 'api_key=old.secret-1' }],
    ['the query twice', { query: 'api_key=old.secret-1&api_key=old.secret-1' }],
    ['two cookies', header('key=old.secret-1; key=x', 'cookie')],
    ['two cookie headers', header('key=old.secret-1,key=x', 'cookie')],
  ])('refuses keys in %s', (_what, parts) => {
    expect(decide(EVERYWHERE, parts)).toMatchObject({ cause: 'credentials_malformed' });
  });

  it('looks at another scheme no further, and leaves it to the upstream', () => {
    const places = [{ header: 'authorization', scheme: 'ApiKey' }, { header: 'x-api-key' }];
    const headers = { authorization: 'Bearer old.secret-1', 'x-api-key': 'old.secret-1' };
    expect(decide({ places }, { headers })).toMatchObject({ identity: { client: shop }, remove: ['x-api-key'] });
    expect(decide({ places }, header('Bearer old.secret-1', 'authorization'))).toMatchObject({
      cause: 'credentials_missing',
    });
  });

  it.each([
    ['an unknown key', { realm: 'x' }, 'realm'],
    ['no place', { places: [] }, 'places'],
    ['two places in one', { places: [{ header: 'a', query: 'b' }] }, 'expected one of'],
    ['a scheme of a query', { places: [{ query: 'b', scheme: 'Key' }], forwardCredentials: true }, 'scheme'],
    ['a key that the upstream would see in the query', { places: [{ query: 'key' }] }, 'forwardCredentials: true'],
    ['a key that the upstream would see in a cookie', { places: [{ cookie: 'key' }] }, 'forwardCredentials: true'],
    ['a name that no header has', { places: [{ header: 'a b' }] }, 'name of a header'],
  ])('refuses %s at load', (_what, config, told) => {
    expect(JSON.stringify(kind.options.safeParse(config).error?.issues)).toContain(told);
  });
});
