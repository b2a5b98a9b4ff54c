import type { ClientApplication, Contract, ContractDirectory } from '../../src/contract/contract.ts';
import { createDirectory } from '../../src/contract/directory.ts';
import type { Identity } from '../../src/contract/identity.ts';
import type { PolicyKind, QuotaPolicy, Request } from '../../src/policy/policy.ts';
import type { Check } from '../../src/request/check.ts';
import { policyEnvironment } from './environment.ts';

/** A request to the API `orders`, with these headers. */
export function request(
  headers: Readonly<Record<string, string>> = {},
  contracts: readonly Contract[] = [],
  identity: Identity = {},
): Request {
  const check: Check = {
    isHttp: true,
    method: 'GET',
    path: '/orders/1?region=north',
    host: 'orders.example.com',
    streamId: '1',
    requestTime: '1.0',
    sourceAddress: '10.0.0.1',
    sourcePort: 1234,
    sourcePrincipal: '',
    sourceCertificate: '',
    header: (name) => headers[name],
    headerTail: () => undefined,
    headerEquals: () => false,
    headerNames: () => Object.keys(headers),
    writeOrigin: () => 0,
    headerNamesWithSigns: () => Object.keys(headers).filter((name) => name.includes('_')),
    headerNamesMeant: () => [],
    protocol: 'HTTP/1.1',
    rawBody: undefined,
    hasTextBody: false,
    contextExtension: () => undefined,
  };
  return {
    check,
    api: 'orders',
    apiLabels: {},
    basePath: '/',
    now: 0,
    expressionFailed: () => undefined,
    path: { path: '/orders/1', query: 'region=north' },
    clientAddress: '10.0.0.1',
    trustedHops: 0,
    identity,
    ownedHeaders: new Set(),
    upstream: [],
    directory: directory(contracts),
    deadline: performance.now() + 1000,
  };
}

export function directory(contracts: readonly Contract[]): ContractDirectory {
  return createDirectory(
    contracts.map(({ client }) => client),
    contracts,
  );
}

export function application(name: string, secrets: ClientApplication['secrets'] = []): ClientApplication {
  return { name, clientId: `id-of-${name}`, secrets };
}

/** The policy with these options, checked by the kind's schema as a document's are. */
export function quotaPolicy(kind: PolicyKind, config: unknown): QuotaPolicy {
  const policy = kind.create(kind.options.parse(config), policyEnvironment());
  if (policy.phase !== 'quota') throw new TypeError(`${kind.name} is no quota policy`);
  return policy;
}

/** What the schema has against these options: `field: message`. */
export function faults(kind: PolicyKind, config: unknown): string[] {
  const result = kind.options.safeParse(config);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
