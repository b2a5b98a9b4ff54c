import { api, client, contract } from './documents.ts';
import type { Document } from './documents.ts';
import type { Issuer } from './issuer.ts';

const DAY = 86_400_000;
const ID_AND_SECRET = { policyRef: { name: 'client-id-enforcement' } };
const BY_TIER = { policyRef: { name: 'rate-limiting-sla' } };
const tier = (name: string, maximumRequests: number): object => ({
  name,
  limits: [{ maximumRequests, timePeriodInMilliseconds: DAY }],
});

/** What mixed traffic meets. */
export function mixedDocuments(issuer: Issuer): readonly Document[] {
  const token = { jwtKeyOrigin: 'jwks', jwksUrl: issuer.jwksUrl, algorithms: ['RS256'], issuer: issuer.url };
  const policies = (name: string, config: object) => ({ policies: [{ policyRef: { name }, config }] });
  return [
    api('orders', {
      routes: [{ path: '/{status}' }],
      tiers: [tier('bronze', 300), tier('gold', 1_000_000)],
      policies: [ID_AND_SECRET, BY_TIER],
    }),
    api('rpc', { basePath: '/shop.Rpc', policies: [ID_AND_SECRET] }),
    api('tokens', policies('jwt-validation', { ...token, requiredScopes: ['read'] })),
    api('blocked', policies('ip-blocklist', { ips: ['127.0.0.0/8'] })),
    api(
      'limited',
      policies('rate-limiting', { rateLimits: [{ maximumRequests: 100, timePeriodInMilliseconds: DAY }] }),
    ),
    api('meshed', policies('workload-identity', {})),
    api('guarded', policies('authorization', { rules: [{ allow: "request.method == 'GET'" }] })),
    api('pages', policies('cors', { publicResource: true })),
    api('open'),
    ...['gold', 'bronze', 'stranger', 'caller', 'web'].map(client),
    contract('gold', 'orders', 'gold'),
    contract('bronze', 'orders', 'bronze'),
    contract('caller', 'rpc'),
    contract('web', 'tokens'),
  ];
}

/** Base paths that have a route in Envoy. */
export const mixedRoutes = [
  'orders',
  'tokens',
  'blocked',
  'limited',
  'meshed',
  'guarded',
  'pages',
  'open',
  'nobodys',
].map((name) => `/${name}`);
