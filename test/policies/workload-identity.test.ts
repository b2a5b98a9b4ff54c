import { describe, expect, it } from 'vitest';
import type { Contract } from '../../src/contract/contract.ts';
import kind from '../../src/policies/workload-identity.ts';
import type { AccessPolicy, Outcome } from '../../src/policy/policy.ts';
import { checkOf, directoryOf, requestOf } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';

const WEB = 'spiffe://cluster.local/ns/shop/sa/web';
const GATEWAY = 'spiffe://cluster.local/ns/edge/sa/gateway';
const client = (name: string, ...principals: string[]) => ({ name, clientId: `${name}-id`, secrets: [], principals });
const shop = client('shop', WEB, 'spiffe://cluster.local/ns/jobs/sa/*');
const late = client('late', 'spiffe://cluster.local/ns/late/sa/a');
const lone = client('lone', 'spiffe://cluster.local/ns/lone/sa/a');
const GOLD = { name: 'gold', limits: [] };
const contracts: Contract[] = [
  { name: 'shop-orders', api: 'orders', client: shop, status: 'approved', tier: GOLD },
  { name: 'late-orders', api: 'orders', client: late, status: 'pending', tier: GOLD },
];

function decide(config: object, parts: CheckParts, trustedHops = 0): Outcome {
  const policy = kind.create(kind.options.parse(config), {}) as AccessPolicy;
  return policy.decide(
    requestOf(checkOf(parts), { directory: directoryOf(contracts, [lone]), trustedHops }),
  ) as Outcome;
}

const peer = (sourcePrincipal: string): CheckParts => ({ sourcePrincipal });
const element = (uri: string) => `By=spiffe://cluster.local/ns/shop/sa/orders;Hash=${'0'.repeat(64)};URI=${uri}`;
const xfcc = (sourcePrincipal: string, ...uris: readonly string[]): CheckParts => ({
  sourcePrincipal,
  headers: { 'x-forwarded-client-cert': uris.map(element).join(',') },
});
const FORWARDED = { principalFrom: 'forwardedClientCert', forwarders: ['spiffe://cluster.local/ns/edge/sa/*'] };

describe('workload-identity', () => {
  it.each([WEB, 'spiffe://cluster.local/ns/jobs/sa/nightly'])('admits %s as its client application', (principal) => {
    expect(decide({}, peer(principal))).toEqual({
      identity: { client: shop, contract: contracts[0] },
      upstream: [
        ['x-ostiary-client-id', 'shop-id'],
        ['x-ostiary-client-name', 'shop'],
        ['x-ostiary-tier', 'gold'],
      ],
    });
  });

  it.each([
    ['no mutual TLS', '', 'principal_missing'],
    ['a name that is no SPIFFE id', 'web.shop.svc', 'principal_malformed'],
    ['a subject', 'CN=web,O=shop', 'principal_malformed'],
    ['a workload that nobody has', 'spiffe://cluster.local/ns/shop/sa/api', 'principal_unknown'],
    ['one of another trust domain', 'spiffe://other/ns/shop/sa/web', 'principal_unknown'],
    ['a pattern', 'spiffe://cluster.local/ns/jobs/sa/*', 'principal_malformed'],
    ['a contract that is not approved', 'spiffe://cluster.local/ns/late/sa/a', 'contract_not_approved'],
    ['no contract', 'spiffe://cluster.local/ns/lone/sa/a', 'contract_missing'],
  ])('denies %s', (_what, principal, cause) => {
    expect(decide({}, peer(principal))).toMatchObject({ reason: 'workload_rejected', cause });
  });

  it('believes no header unless it is told to', () => {
    expect(decide({}, xfcc('', WEB))).toMatchObject({ cause: 'principal_missing' });
    expect(decide({}, xfcc(GATEWAY, WEB, GATEWAY), 1)).toMatchObject({ cause: 'principal_unknown' });
  });
});

describe('workload-identity of what proxies forward', () => {
  it("takes the caller of the trusted proxies, and without them Envoy's own element", () => {
    expect(decide(FORWARDED, xfcc(GATEWAY, WEB, GATEWAY), 1)).toMatchObject({ identity: { client: shop } });
    expect(decide(FORWARDED, xfcc(GATEWAY, WEB, GATEWAY, GATEWAY), 2)).toMatchObject({ identity: { client: shop } });
    // A waypoint's Envoy tells no principal.
    expect(decide(FORWARDED, xfcc('', WEB), 0)).toMatchObject({ identity: { client: shop } });
    expect(decide({ principalFrom: 'forwardedClientCert' }, xfcc(WEB, WEB))).toMatchObject({
      identity: { client: shop },
    });
  });

  const attacker = 'spiffe://cluster.local/ns/shop/sa/attacker';
  it.each<[string, CheckParts, number, string]>([
    ['no header', peer(GATEWAY), 1, 'principal_missing'],
    ['too few elements', xfcc(GATEWAY, GATEWAY), 1, 'principal_missing'],
    [
      'a workload that is no proxy and sent an element of its own',
      xfcc(attacker, WEB, attacker),
      1,
      'forwarder_untrusted',
    ],
    ['the same two hops away', xfcc(GATEWAY, WEB, attacker, GATEWAY), 2, 'forwarder_untrusted'],
    ['a header that Envoy did not write', xfcc(attacker, WEB), 0, 'forwarder_untrusted'],
    ['the same behind a proxy', xfcc(attacker, WEB, GATEWAY), 1, 'forwarder_untrusted'],
    ['elements that the caller put before', xfcc(GATEWAY, WEB, attacker, GATEWAY), 1, 'principal_unknown'],
    [
      'quotes that do not end',
      { headers: { 'x-forwarded-client-cert': `${element(WEB)};Subject="` } },
      0,
      'principal_missing',
    ],
    ['two URIs', { headers: { 'x-forwarded-client-cert': `URI=${WEB};URI=${attacker}` } }, 0, 'principal_malformed'],
  ])('denies %s', (_what, parts, trustedHops, cause) => {
    expect(decide(FORWARDED, parts, trustedHops)).toMatchObject({ reason: 'workload_rejected', cause });
  });

  it('believes no proxy where none is named', () => {
    const config = { principalFrom: 'forwardedClientCert' };
    expect(decide(config, xfcc(GATEWAY, WEB, GATEWAY), 1)).toMatchObject({ cause: 'forwarder_untrusted' });
  });
});

it.each([
  ['an unknown key', { realm: 'x' }, 'realm'],
  ['forwarders of nothing', { forwarders: [WEB] }, 'has no effect'],
  ['a forwarder that is no SPIFFE id', { principalFrom: 'forwardedClientCert', forwarders: ['gateway'] }, 'SPIFFE id'],
  [
    'a pattern of trust domains',
    { principalFrom: 'forwardedClientCert', forwarders: ['spiffe://*/x'] },
    'trust domain',
  ],
])('refuses %s at load', (_what, config, told) => {
  expect(JSON.stringify(kind.options.safeParse(config).error?.issues)).toContain(told);
});
