const limits = (count: number) => [{ maximumRequests: count, timePeriodInMilliseconds: 1000 }];
export const document = (kind: string, name: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'ostiary.dev/v1alpha1',
  kind,
  metadata: { name, namespace: 'shop', ...metadata },
  spec,
});
export const SPECIFICATION = `openapi: 3.1.0
info: { title: Returns of goods, version: 1.0.0 }
servers: [{ url: https://api.example.com/returns }]
paths:
  /{id}: { get: {}, delete: {} }
`;
/** What would run, or turn the line around, if it were shown as anything but text. */
export const SCRIPT = '<img src=x onerror=alert(1)>‮';
/** Of a team that owns APIs, and one that asks for them. */
export const DOCUMENTS = [
  document(
    'Api',
    'orders',
    {
      hosts: ['api.example.com'],
      basePath: '/orders',
      tiers: [
        { name: 'silver', limits: limits(100) },
        { name: 'gold', limits: limits(1000), approvers: 2 },
      ],
      policies: [
        { policyRef: { name: 'client-id-enforcement' } },
        { policyRef: { name: 'rate-limiting' }, config: { rateLimits: limits(500) } },
      ],
    },
    { displayName: 'Orders', lifecycle: 'published', visibility: 'internal', description: SCRIPT },
  ),
  document('Api', 'kept', { basePath: '/kept' }, { displayName: SCRIPT }),
  document('ClientApplication', 'web', { clientId: 'web' }, { displayName: 'Web shop' }),
  document('ClientApplication', 'portal', { clientId: 'portal' }, { namespace: 'partners', displayName: SCRIPT }),
  document('Contract', 'web-orders', { clientApplication: 'web', api: 'orders', tier: 'silver', status: 'approved' }),
];
