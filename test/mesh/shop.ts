import { api, client, contract, documentsFolder } from '../e2e/documents.ts';
import type { Document } from '../e2e/documents.ts';

const HOUR = 3_600_000;

/** A contract that the mesh is driven with, and what its answers must keep to. */
export interface Driven {
  readonly client: string;
  readonly api: string;
  /** Of the window that the rate headers of its answers tell. */
  readonly limit: number;
  readonly windowMs: number;
  /** In a window of the whole run. */
  readonly total: number;
}

const LONG = 2000;
const BURST = 40;
const MINUTE = 400;

const tiers = [
  { name: 'daily', limits: [{ maximumRequests: LONG, timePeriodInMilliseconds: HOUR }] },
  { name: 'burst', limits: [{ maximumRequests: BURST, timePeriodInMilliseconds: 1000 }] },
  {
    name: 'both',
    limits: [
      { maximumRequests: 80, timePeriodInMilliseconds: 1000 },
      { maximumRequests: LONG, timePeriodInMilliseconds: HOUR },
    ],
  },
  { name: 'minute', limits: [{ maximumRequests: MINUTE, calendar: 'minute', timeZone: 'Europe/Berlin' }] },
];

function policy(config: object): object {
  const selected = { cost: "#[attributes.headers['x-cost']]", maxCost: 5, exposeHeaders: true };
  return { policyRef: { name: 'rate-limiting-sla' }, config: { ...selected, ...config } };
}

const names = ['daily', 'burst', 'both', 'minute'] as const;
const apis = ['leased', 'exact'] as const;

/** Every tier counted by leases and exactly. */
export const driven: readonly Driven[] = apis.flatMap((name) => [
  { client: 'daily', api: name, limit: LONG, windowMs: HOUR, total: LONG },
  { client: 'burst', api: name, limit: BURST, windowMs: 1000, total: Infinity },
  { client: 'both', api: name, limit: NaN, windowMs: NaN, total: LONG },
  { client: 'minute', api: name, limit: MINUTE, windowMs: 60_000, total: Infinity },
]);

const documents: readonly Document[] = [
  ...apis.map((quota) => api(quota, { tiers, policies: [policy({ quota })] })),
  ...names.map((name) => client(name)),
  ...apis.flatMap((quota) => names.map((name) => contract(name, quota, name))),
];

export function meshDocuments(): string {
  return documentsFolder(documents);
}
