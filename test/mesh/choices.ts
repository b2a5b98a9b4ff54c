import { api, client, contract } from '../e2e/documents.ts';
import type { Document } from '../e2e/documents.ts';
import { HOUR } from './scenario.ts';
import type { Line } from './scenario.ts';

// APIs that differ in what holds while Redis is away.

export const LIMIT = 240;
export const MAX_COST = 3;

interface Choice {
  readonly policy: object;
  readonly tier?: object;
  readonly onStoreFailure: Line['onStoreFailure'];
  readonly quota: Line['quota'];
}

/** How an API says it: the policy, or the tier against the policy. */
const CHOICES: Readonly<Record<string, Choice>> = {
  'local-exact': { policy: { quota: 'exact', onStoreFailure: 'local' }, onStoreFailure: 'local', quota: 'exact' },
  'local-leased': { policy: {}, tier: { onStoreFailure: 'local' }, onStoreFailure: 'local', quota: 'leased' },
  'local-unseen': { policy: { quota: 'exact', onStoreFailure: 'local' }, onStoreFailure: 'local', quota: 'exact' },
  'allow-policy': { policy: { quota: 'exact', blockOnUnknownQuota: false }, onStoreFailure: 'allow', quota: 'exact' },
  'allow-tier': { policy: {}, tier: { onStoreFailure: 'allow' }, onStoreFailure: 'allow', quota: 'leased' },
  'deny-tier': {
    policy: { onStoreFailure: 'allow', quota: 'exact' },
    tier: { onStoreFailure: 'deny' },
    onStoreFailure: 'deny',
    quota: 'exact',
  },
  'deny-default': { policy: { quota: 'exact' }, onStoreFailure: 'deny', quota: 'exact' },
};

/** The Checks of each. */
export const lines = new Map(
  Object.entries(CHOICES).map(([name, { onStoreFailure, quota }]): [string, Line] => {
    const counter = { name, windowMs: HOUR, limitIn: () => LIMIT, limits: [LIMIT], unitsOf: (cost: number) => cost };
    return [name, { api: name, client: name, quota, onStoreFailure, counters: [counter], admits: () => true }];
  }),
);

export const documents: readonly Document[] = Object.entries(CHOICES).flatMap(([name, { policy, tier }]) => {
  const limits = [{ maximumRequests: LIMIT, timePeriodInMilliseconds: HOUR }];
  const config = { cost: "#[attributes.headers['x-cost']]", maxCost: MAX_COST, exposeHeaders: true, ...policy };
  const policies = [{ policyRef: { name: 'rate-limiting-sla' }, config }];
  return [api(name, { tiers: [{ name, limits, ...tier }], policies }), client(name), contract(name, name, name)];
});
