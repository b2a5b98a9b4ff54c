import type { Clock } from '../../src/clock.ts';
import type { ClientApplication, Contract, ContractDirectory } from '../../src/contract/contract.ts';
import { createDirectory } from '../../src/contract/directory.ts';
import type { DecisionPorts } from '../../src/decision/deliberation.ts';
import { reasons } from '../../src/denial/reasons.ts';
import type { AccessPolicy, Outcome, QuotaPolicy, Request } from '../../src/policy/policy.ts';
import type { CounterStore, Taking } from '../../src/quota/store.ts';
import type { Check } from '../../src/request/check.ts';
import { EXACT_HOSTS } from '../../src/request/host.ts';
import { createApiIndex } from '../../src/snapshot/api-index.ts';
import { IdentityHeaders } from '../../src/snapshot/identity-headers.ts';
import type { Api, Bound, Snapshot } from '../../src/snapshot/snapshot.ts';

export interface CheckParts {
  method?: string;
  path?: string;
  host?: string;
  headers?: Record<string, string>;
  extensions?: Record<string, string>;
  sourceAddress?: string;
  sourcePrincipal?: string;
  isHttp?: boolean;
  protocol?: string;
  body?: string | Uint8Array;
  hasTextBody?: boolean;
}

export function checkOf(parts: CheckParts = {}): Check {
  const headers = new Map(Object.entries(parts.headers ?? {}));
  const names = [...headers.keys()];
  return {
    isHttp: parts.isHttp ?? true,
    method: parts.method ?? 'GET',
    path: parts.path ?? '/',
    host: parts.host ?? 'example.com',
    streamId: '1',
    requestTime: '',
    sourceAddress: parts.sourceAddress ?? '10.0.0.9',
    sourcePort: 4711,
    sourcePrincipal: parts.sourcePrincipal ?? '',
    sourceCertificate: '',
    header: (name) => headers.get(name),
    headerTail: () => undefined,
    headerEquals: () => false,
    headerNames: () => names,
    writeOrigin: () => 0,
    headerNamesWithSigns: (lengths) =>
      names.filter((name) => /^[^:].*[^a-z0-9-]/.test(name) && lengths[name.length] === 1),
    protocol: parts.protocol ?? 'HTTP/1.1',
    rawBody: parts.body === undefined ? undefined : Buffer.from(parts.body),
    hasTextBody: parts.hasTextBody ?? false,
    headerNamesMeant: (meant) => names.flatMap((name) => meant.of(name) ?? []),
    contextExtension: (name) => new Map(Object.entries(parts.extensions ?? {})).get(name),
  };
}

export function apiOf(parts: Partial<Api> & { name: string }): Api {
  const identityHeaders = new IdentityHeaders([]);
  return { labels: {}, hosts: [], basePath: '/', identityHeaders, tiers: [], access: [], quota: [], ...parts };
}

export function directoryOf(
  contracts: readonly Contract[],
  clients: readonly ClientApplication[] = [],
): ContractDirectory {
  return createDirectory([...clients, ...contracts.map(({ client }) => client)], contracts);
}

export function snapshotOf(
  given: readonly Api[],
  { contracts = [], owned = [] }: { contracts?: readonly Contract[]; owned?: readonly string[] } = {},
): Snapshot {
  const identityHeaders = new IdentityHeaders(owned);
  const apis = given.map((api) => ({ ...api, identityHeaders }));
  return {
    version: 'v1',
    loadedAt: 0,
    sources: [],
    apis,
    apiNamed: (name) => apis.find((api) => api.name === name),
    apiFor: createApiIndex(apis),
    directory: directoryOf(contracts),
    clientApplications: 0,
    contractCount: contracts.length,
    contracts: () => contracts,
    identityHeaders,
    reasons,
  };
}

export const stillClock: Clock = { now: () => 0, monotonic: () => 0 };

export function portsOf(parts: Partial<DecisionPorts> = {}): DecisionPorts {
  return {
    take: grantAll,
    clock: stillClock,
    unmatched: 'deny',
    trustedHops: 0,
    xffAppended: 'auto',
    hosts: EXACT_HOSTS,
    failed: () => undefined,
    ...parts,
  };
}

export const grantAll: CounterStore['take'] = (demands): Taking => ({
  granted: true,
  windows: demands.map(({ limits, cost }) =>
    limits.map((limit) => ({
      limit,
      remaining: limit.maximumRequests - cost,
      resetMs: limit.timePeriodInMilliseconds,
    })),
  ),
});

export function bound<P extends AccessPolicy | QuotaPolicy>(
  name: string,
  policy: P,
  parts: Partial<Bound<P>> = {},
): Bound<P> {
  return { name, kind: 'test', order: 50, mode: 'enforce', onFailure: 'deny', rules: undefined, policy, ...parts };
}

export function access(decide: (request: Request) => Outcome | Promise<Outcome>): AccessPolicy {
  return { phase: 'access', identityHeaders: [], decide };
}

export function quota(
  parts: Partial<QuotaPolicy> & { key?: string; maximumRequests?: number; cost?: number } = {},
): QuotaPolicy {
  const charge = {
    key: parts.key ?? 'k',
    limits: [{ maximumRequests: parts.maximumRequests ?? 10, timePeriodInMilliseconds: 1000 }],
    cost: parts.cost ?? 1,
  };
  return {
    phase: 'quota',
    identityHeaders: [],
    exposeHeaders: parts.exposeHeaders ?? false,
    onStoreFailure: parts.onStoreFailure ?? 'deny',
    demand: parts.demand ?? (() => charge),
    demandFor: () => charge,
  };
}

export function requestOf(check: Check = checkOf(), parts: Partial<Request> = {}): Request {
  return {
    check,
    api: 'orders',
    apiLabels: {},
    basePath: '/',
    now: 0,
    expressionFailed: () => undefined,
    path: { path: '/', query: '' },
    clientAddress: check.sourceAddress,
    trustedHops: 0,
    identity: {},
    ownedHeaders: new Set(),
    upstream: [],
    directory: directoryOf([]),
    deadline: Infinity,
    ...parts,
  };
}
