import type { Case } from './case.ts';

// Of the kinds that there are in Kubernetes alone.

const binding = (spec: Case['spec']): Case => ({ kind: 'ApiBinding', spec: { apiRef: { name: 'orders' }, ...spec } });
const bound = (target: Case['spec']): Case => binding({ targetRefs: [target] });
const grant = (spec: Case['spec']): Case => ({
  kind: 'AccessGrant',
  spec: { from: [{ namespace: 'partner' }], ...spec },
});

const GATEWAY_API = 'gateway.networking.k8s.io';

export const rightInCluster: readonly Case[] = [
  bound({ kind: 'Service', name: 'orders' }),
  bound({ group: '', kind: 'Service', name: 'orders', sectionName: 'http' }),
  bound({ group: GATEWAY_API, kind: 'HTTPRoute', name: 'orders.v1' }),
  bound({ kind: 'GRPCRoute', name: 'orders' }),
  binding({ targetRefs: [{ kind: 'Gateway', name: 'a', sectionName: 'https' }], via: 'ExternalAuth' }),
  binding({ selector: { matchLabels: { app: 'orders' } }, via: 'auto' }),
  grant({ places: [{ api: 'orders', basePath: '/returns' }] }),
  grant({ places: [{ api: 'orders', basePath: '/', hosts: ['*.example.com'] }], contracts: [{ api: 'orders' }] }),
  grant({ contracts: [{ api: 'orders', tiers: ['gold', 'Tin_1'], approve: true }] }),
];

export const wrongInCluster: readonly Case[] = [
  binding({}),
  binding({ targetRefs: [] }),
  binding({ targetRefs: [{ kind: 'Service', name: 'a' }], selector: { matchLabels: { a: 'b' } } }),
  binding({ selector: {} }),
  binding({ selector: { matchLabels: {} } }),
  binding({ selector: { matchLabels: { a: 'b' } }, via: 'Magic' }),
  { kind: 'ApiBinding', spec: { targetRefs: [{ kind: 'Service', name: 'a' }] } },
  bound({ kind: 'Pod', name: 'a' }),
  bound({ kind: 'Service' }),
  bound({ kind: 'Service', name: 'A' }),
  bound({ group: GATEWAY_API, kind: 'Service', name: 'a' }),
  bound({ group: '', kind: 'Gateway', name: 'a' }),
  bound({ group: 'apps', kind: 'Service', name: 'a' }),
  bound({ kind: 'Service', name: 'a', namespace: 'other' }),
  grant({}),
  grant({ places: [] }),
  grant({ places: [{ api: 'orders' }] }),
  grant({ places: [{ basePath: '/a' }] }),
  grant({ places: [{ api: 'orders', basePath: '/a/../b' }] }),
  grant({ places: [{ api: 'orders', basePath: 'a' }] }),
  grant({ places: [{ api: 'orders', basePath: '/a', hosts: ['http://a'] }] }),
  grant({ contracts: [{}] }),
  grant({ contracts: [{ api: 'orders', tiers: [] }] }),
  { kind: 'AccessGrant', spec: { from: [], contracts: [{ api: 'orders' }] } },
  { kind: 'AccessGrant', spec: { contracts: [{ api: 'orders' }] } },
  { kind: 'AccessGrant', spec: { from: [{ namespace: 'a.b' }], contracts: [{ api: 'orders' }] } },
];
