import { api, client, contract } from './documents.ts';
import type { Document } from './documents.ts';

const MINUTE = 60_000;

/** What most end-to-end tests enforce. */
export const shop: readonly Document[] = [
  // Client id, secret and an SLA tier; its rate headers are shown on every answer.
  api('orders', {
    tiers: [tier('bronze', 3), tier('gold', 100_000)],
    policies: [
      { policyRef: { name: 'client-id-enforcement' } },
      { policyRef: { name: 'rate-limiting-sla' }, config: { exposeHeaders: true } },
    ],
  }),
  // The same, and its rate headers are shown where the quota is spent only.
  api('quiet', {
    tiers: [tier('bronze', 3)],
    policies: [{ policyRef: { name: 'client-id-enforcement' } }, { policyRef: { name: 'rate-limiting-sla' } }],
  }),
  // Credentials for one folder alone, and for reading only.
  api('ruled', {
    policies: [{ policyRef: { name: 'client-id-enforcement' }, rules: [{ path: '/admin/.*', methods: 'GET|DELETE' }] }],
  }),
  api('open'),
  api('closed', { policies: [{ policyRef: { name: 'client-id-enforcement' } }] }),
  client('bronze'),
  client('gold'),
  client('stranger'),
  contract('bronze', 'orders', 'bronze'),
  contract('bronze', 'quiet', 'bronze'),
  contract('gold', 'orders', 'gold'),
  contract('gold', 'closed'),
  contract('gold', 'ruled'),
];

function tier(name: string, maximumRequests: number): object {
  return { name, limits: [{ maximumRequests, timePeriodInMilliseconds: MINUTE }] };
}

/** A client of one test alone, with a contract: its counters are untouched. */
export function newcomer(name: string, apiName: string, tierName?: string): readonly Document[] {
  return [client(name), contract(name, apiName, tierName)];
}
