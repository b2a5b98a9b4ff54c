import { HASH, alert, api, binding, client, contract, LIMITS, policy, tier } from './case.ts';
import type { Case } from './case.ts';

/** Documents that are right. */
export const good: readonly Case[] = [
  api({}),
  ...[
    'orders.example.com',
    '*',
    '*.example.com',
    'a_b.example.com',
    '10.0.0.1:8080',
    '[::1]',
    '[fe80::1]:443',
    'x:0',
    'x:00080',
    'x:65535',
    'UPPER.example.com',
    'x.',
    'localhost',
  ].map((host) => api({ hosts: [host] })),
  ...['/', '/a', '/a/', '/a/b.c', '/ä ö', "/it's", '/a/..b', '/.a', '/...'].map((basePath) => api({ basePath })),
  ...[
    'https://api.example.com',
    'https://api.example.com/orders',
    'http://localhost:8080/x',
    'http://127.0.0.1/',
    'http://[::1]:80'.replace(':80', ':8080'),
  ].map((publicUrl) => api({ publicUrl })),
  ...['15s', '1m', '1h', '7d', '999999s'].map((maxStale) => api({ maxStale })),
  api({ encodedSlashes: 'keep' }),
  api({ public: true }),
  api({ public: [{ path: '/health' }, { methods: 'GET', headers: { 'x-a': '' } }, { absentHeaders: ['x-b'] }] }),
  ...['/', '/{id}', '/{id}/items', '/{a}-{b}', '/{name}.json', '/{.}/x', '/{a%b}', '/a/', `/${'a/'.repeat(61)}b`].map(
    (path) => api({ routes: [{ path }] }),
  ),
  api({
    routes: [
      { name: 'one', methods: ['GET', 'M-SEARCH'], path: '/a' },
      { methods: ['POST'], path: '/a' },
    ],
  }),
  api({ openapi: { file: 'orders.yaml' } }),
  tier({}),
  tier({ limits: 'unlimited' }),
  tier({ proposedLimits: 'unlimited' }),
  tier({ proposedLimits: LIMITS, onStoreFailure: 'local', autoApprove: true, deprecated: true }),
  tier({ approvers: 2 }),
  tier({ approvers: 2, autoApprove: false }),
  tier({
    limits: [
      { maximumRequests: 0, calendar: 'day' },
      { maximumRequests: 9_007_199_254_740_991, calendar: 'day', timeZone: 'Europe/Berlin' },
    ],
  }),
  tier({
    limits: [
      { name: 'burst', maximumRequests: 1, timePeriodInMilliseconds: 1 },
      { name: 'day', maximumRequests: 1, timePeriodInMilliseconds: 2 },
    ],
  }),
  policy({}),
  policy({
    name: 'keys',
    order: -2_147_483_648,
    mode: 'shadow',
    onFailure: 'allow',
    when: 'true',
    config: { a: { b: [1, 'x', null, true, 1.5] } },
  }),
  policy({
    trustedHeaders: ['X-Env'],
    rules: [{ path: '/a' }, { not: [{ host: 'x' }] }, { headers: { 'x-a': 'b' }, methods: 'GET|POST' }],
  }),
  api({
    policies: [
      {
        authentication: {
          anyOf: [
            { policyRef: { name: 'api-key' } },
            {
              allOf: [
                { policyRef: { name: 'api-key' }, name: 'x' },
                { policyRef: { name: 'jwt-validation' }, config: {} },
              ],
            },
          ],
        },
      },
    ],
  }),
  api({ policies: [{ authentication: { anyOf: [{ policyRef: { name: 'api-key' } }] }, config: {} }] }),
  api({
    guests: [
      { team: '*', basePath: '/a' },
      { team: 'shop', hosts: ['*.example.com'], basePath: '/' },
      { namespace: 'partner', basePath: '/b' },
    ],
  }),
  api(
    {},
    {
      displayName: 'Orders',
      description: 'All of them',
      labels: { team: 'shop' },
      annotations: { 'example.com/a': 'x y' },
      owner: 'shop',
      asset: 'orders',
      version: '1.4.0',
      lifecycle: 'draft',
      visibility: 'public',
      specification: 'orders',
      terms: { version: 'v2', text: 'Be nice' },
    },
  ),
  api({}, { terms: { version: 'v2', url: 'https://example.com/terms?a=b@c' } }),
  client({}),
  client({ clientId: '!~' }),
  client({ clientSecret: { salt: 'a', sha256: HASH } }),
  client({ clientSecret: { salt: 'a', sha256: HASH.toUpperCase(), expires: '2030-02-28T23:59:59Z' } }),
  client({ clientSecret: { value: 'x' } }),
  client({ clientSecrets: [{ file: 'x' }, { value: '$X', expires: '2030-01-01T00:00:00.123+01:00' }] }),
  client({
    apiKeys: [
      { id: 'k-1', salt: 'a', sha256: HASH },
      { id: 'k_2', value: 'x' },
      { id: 'k3', file: 'x' },
      { hmac: HASH },
    ],
  }),
  client({ issuers: ['https://idp.example.com'] }),
  client({ principals: ['spiffe://cluster.local/ns/shop/sa/web', 'spiffe://a/*/x', 'spiffe://a/b/**', 'spiffe://a'] }),
  contract({}),
  contract({
    clientApplication: 'partner/web',
    tier: 'gold',
    status: 'approved',
    expiresAt: '2030-01-01T00:00:00Z',
    acceptedTerms: 'v2',
  }),
  ...['pending', 'rejected', 'revoked'].map((status) => contract({ status })),
  binding({}),
  binding({ targetRef: { kind: 'Selector', selector: {} } }),
  binding({ targetRef: { kind: 'Selector', selector: { kind: 'Api', labels: { team: 'shop' } } } }),
  binding({ policyRef: { name: 'rate-limiting-flex' }, order: 5, rules: [{ path: '/a' }] }),
  alert({}),
  alert({
    api: 'orders',
    operator: 'below',
    filter: { client: 'web', status: ['5xx', '404', '0'], method: 'GET', outcome: ['processed', 'blocked'] },
  }),
  alert({ selector: { labels: { team: 'shop' } }, for: '10m', severity: 'critical', notify: ['ops'] }),
  alert({ metric: 'denials', threshold: 0, filter: { reason: 'quota_spent', policy: ['a', 'b'], tier: 'gold' } }),
  alert({ metric: 'denials', threshold: 1.5 }),
  alert({ metric: 'errorRatio', threshold: '5%' }),
  alert({ metric: 'errorRatio', threshold: '99.99 %' }),
  alert({ metric: 'responseTime', threshold: '500ms', statistic: 'p99.9' }),
  alert({ metric: 'quotaUsed', threshold: '100%', window: undefined }),
  alert({ metric: 'completeness', threshold: '99%', operator: 'below' }),
  alert({ metric: 'burnRate', threshold: 14.4, objective: '99.9%', window: '1h', shortWindow: '5m' }),
];
