/** A document, by kind and specification. */
export interface Case {
  readonly kind: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export const api = (spec: Case['spec'], metadata?: Case['metadata']): Case => ({
  kind: 'Api',
  spec,
  ...(metadata && { metadata }),
});
export const client = (spec: Case['spec']): Case => ({ kind: 'ClientApplication', spec: { clientId: 'web', ...spec } });
export const contract = (spec: Case['spec']): Case => ({
  kind: 'Contract',
  spec: { clientApplication: 'web', api: 'orders', ...spec },
});
export const binding = (spec: Case['spec']): Case => ({
  kind: 'PolicyBinding',
  spec: { targetRef: { kind: 'Api', name: 'orders' }, policyRef: { name: 'rate-limiting' }, ...spec },
});
export const alert = (spec: Case['spec']): Case => ({
  kind: 'Alert',
  spec: { metric: 'requests', threshold: 100, window: '5m', ...spec },
});
export const LIMITS = [{ maximumRequests: 10, timePeriodInMilliseconds: 1000 }];
export const tier = (spec: Case['spec']): Case => api({ tiers: [{ name: 'gold', limits: LIMITS, ...spec }] });
export const policy = (spec: Case['spec']): Case => api({ policies: [{ policyRef: { name: 'api-key' }, ...spec }] });
export const HASH = '0123456789abcdef'.repeat(4);
