import { api, app, contract, document } from '../../control/fixture.ts';

const SHOP = { namespace: 'shop' };
const HASH = { salt: 'c2FsdA', sha256: 'a1'.repeat(32) };
export const LONG_NAME = `orders-${'x'.repeat(246)}`;

/** Documents of every kind, with names that file systems do not like, in an order that is none of names. */
export function richState(): readonly object[] {
  const labels = { team: 'shop', 'example.com/tier': 'gold' };
  return [
    document('Configuration', 'all', { messages: { credential_missing: 'Bitte anmelden: "ja" \'nein\' #1' } }),
    document(
      'Team',
      'shop',
      { namespaces: ['shop', 'stock', 'zoo'] },
      { namespace: 'platform', displayName: 'Läden: 店' },
    ),
    document('Specification', 'orders', { format: 'openapi', text: 'openapi: 3.1.0\n\n\tx: |\n  y  \n' }, SHOP),
    // The older of two that claim one place, though its name and namespace come later.
    api('zebra', { hosts: ['same.example.com'] }, { namespace: 'zoo' }),
    api('apple', { hosts: ['same.example.com', 'apple.example.com'] }, SHOP),
    api(
      'orders',
      {
        basePath: '/orders/v1',
        tiers: [
          { name: 'gold', limits: [{ maximumRequests: 10, timePeriodInMilliseconds: 1000 }], autoApprove: true },
          { name: 'silver', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }], deprecated: true },
        ],
        policies: [
          { policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } },
          {
            policyRef: { name: 'rate-limiting-sla' },
            order: 70,
            mode: 'shadow',
            rules: [{ methods: 'GET|POST', path: '/a/.*', not: [{ headers: { 'x-a': 'b' } }] }],
            config: {},
          },
        ],
      },
      {
        ...SHOP,
        labels,
        owner: 'shop',
        displayName: '  spaces and: "signs" ',
        description: `# not a comment\n---\n${'a long line '.repeat(40)}\n\u202e\ud83d\ude00`,
        annotations: { yes: 'no', 'example.com/number': '0123', empty: '' },
        version: '1.4.0',
        lifecycle: 'published',
        visibility: 'internal',
        specification: 'orders',
        terms: { version: '2', text: 'Be nice.\n' },
      },
    ),
    api('Orders', {}, SHOP),
    api('con', {}, SHOP),
    api(LONG_NAME, { hosts: ['long.example.com'] }, SHOP),
    app('web', { clientSecret: HASH }, { ...SHOP, owner: 'shop' }),
    app(
      'app',
      {
        clientSecrets: [HASH, { ...HASH, salt: 'b3RoZXI', expires: '2027-01-31T00:00:00Z' }],
        apiKeys: [{ id: 'k1', ...HASH }],
        principals: ['spiffe://example.org/ns/*/sa/app'],
      },
      SHOP,
    ),
    app('plain', {}, SHOP),
    app('late', {}, SHOP),
    contract('web-orders', 'web', 'orders', { expiresAt: '2030-01-01T00:00:00Z' }, SHOP),
    contract('app-orders', 'app', 'orders', { status: 'revoked', tier: 'silver' }, SHOP),
    contract('plain-orders', 'plain', 'orders', { status: 'rejected' }, SHOP),
    contract('late-orders', 'late', 'orders', { status: undefined }, SHOP),
    contract('web-apple', 'web', 'apple', { status: 'pending' }, SHOP),
    document('Secret', 'hooks', { data: { ops: { value: 'a value that nobody reads' } } }, SHOP),
    document(
      'Webhook',
      'ops',
      { url: 'https://hooks.example.com/a', signingSecret: { value: '${secret:hooks/ops}' } },
      SHOP,
    ),
    document(
      'Alert',
      'slow',
      { api: 'orders', metric: 'responseTime', statistic: 'p95', threshold: '500ms', window: '5m', notify: ['ops'] },
      SHOP,
    ),
    document(
      'PolicyBinding',
      'limit',
      {
        targetRef: { kind: 'Selector', selector: { labels: { team: 'shop' } } },
        policyRef: { name: 'rate-limiting' },
        config: { rateLimits: [{ maximumRequests: 5, timePeriodInMilliseconds: 1000 }] },
      },
      SHOP,
    ),
    document(
      'PolicyBinding',
      'everywhere',
      {
        targetRef: { kind: 'Api', name: 'shop/orders' },
        order: 1,
        policyRef: { name: 'ip-blocklist' },
        config: { ips: ['192.0.2.0/24'] },
      },
      { namespace: 'platform' },
    ),
  ];
}
