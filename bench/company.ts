// The documents of a large company, for benches of the control plane and of its sidecars.
import { randomBytes } from 'node:crypto';

const APIS = 10_000;
export const APPS = 10_000;
export const CONTRACTS = 100_000;
export const NAMESPACES = 50;

export interface CompanyDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

const HEADER = { apiVersion: 'ostiary.dev/v1alpha1' };
const namespaceOf = (at: number): string => `team-${at % NAMESPACES}`;

export function apiOf(at: number, spec: object = {}): CompanyDocument {
  const metadata = {
    name: `api-${at}`,
    namespace: namespaceOf(at),
    displayName: `The API number ${at}`,
    labels: { team: namespaceOf(at) },
  };
  const policies = [
    { policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } },
    { policyRef: { name: 'rate-limiting-sla' }, config: {} },
  ];
  const tiers = [{ name: 'gold', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }] }];
  const own = { hosts: [`api-${at}.example.com`], basePath: '/v1', tiers, policies, ...spec };
  return { ...HEADER, kind: 'Api', metadata, spec: own };
}

export function appOf(at: number, spec: object = {}): CompanyDocument {
  const clientSecret = { salt: randomBytes(16).toString('hex'), sha256: randomBytes(32).toString('hex') };
  const own = { clientId: `client-${at}`, clientSecret, ...spec };
  const metadata = { name: `app-${at}`, namespace: namespaceOf(at) };
  return { ...HEADER, kind: 'ClientApplication', metadata, spec: own };
}

/** Each client has ten contracts, all of them in its own namespace. */
export function contractOf(at: number, status = 'approved'): CompanyDocument {
  const app = at % APPS;
  const api =
    (app % NAMESPACES) +
    NAMESPACES * ((Math.floor(at / APPS) * 17 + Math.floor(app / NAMESPACES)) % (APIS / NAMESPACES));
  const spec = { clientApplication: `app-${app}`, api: `api-${api}`, tier: 'gold', status };
  return { ...HEADER, kind: 'Contract', metadata: { name: `contract-${at}`, namespace: namespaceOf(at) }, spec };
}

export function wholeCompany(): readonly CompanyDocument[] {
  return [
    ...Array.from({ length: APIS }, (_, at) => apiOf(at)),
    ...Array.from({ length: APPS }, (_, at) => appOf(at)),
    ...Array.from({ length: CONTRACTS }, (_, at) => contractOf(at)),
  ];
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
