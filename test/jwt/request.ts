import type { ClientApplication, Contract, ContractDirectory, ContractStatus } from '../../src/contract/contract.ts';
import type { Request } from '../../src/policy/policy.ts';
import type { Check } from '../../src/request/check.ts';

/** Contracts of the API `orders`, by client id; a test changes their status as an operator would. */
export class Contracts implements ContractDirectory {
  readonly #contracts = new Map<string, Contract>();

  set(clientId: string, status: ContractStatus, issuers?: readonly string[]): void {
    const own = issuers && { issuers: new Set(issuers) };
    const client: ClientApplication = { name: `${clientId} name`, clientId, secrets: [], ...own };
    this.#contracts.set(clientId, { name: `${clientId}-orders`, api: 'orders', client, status, tier: undefined });
  }

  client(clientId: string): ClientApplication | undefined {
    return this.#contracts.get(clientId)?.client;
  }

  issuedKey(): undefined {
    return undefined;
  }

  broughtKey(): undefined {
    return undefined;
  }

  workload(): undefined {
    return undefined;
  }

  contract(clientId: string, api: string): Contract | undefined {
    return api === 'orders' ? this.#contracts.get(clientId) : undefined;
  }
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly certificate?: string;
  readonly principal?: string;
  readonly trustedHops?: number;
  readonly directory?: ContractDirectory;
  /** Monotonic milliseconds. */
  readonly deadline?: number;
}

/** A request to the API `orders`. */
export function requestOf({
  headers = {},
  query = '',
  certificate = '',
  principal = '',
  trustedHops = 0,
  directory = new Contracts(),
  deadline = Infinity,
}: Sent): Request {
  const check: Check = {
    isHttp: true,
    method: 'GET',
    path: query === '' ? '/orders' : `/orders?${query}`,
    host: 'orders.example.com',
    streamId: '1',
    requestTime: '',
    sourceAddress: '192.0.2.1',
    sourcePort: 50_000,
    sourcePrincipal: principal,
    sourceCertificate: certificate,
    header: (name) => headers[name],
    headerTail: (name, length) => ((headers[name]?.length ?? 0) > length ? headers[name]?.slice(-length) : undefined),
    headerEquals: (name, bytes) => Buffer.from(headers[name] ?? '').equals(bytes),
    headerNames: () => Object.keys(headers),
    writeOrigin: () => 0,
    headerNamesWithSigns: () => [],
    headerNamesMeant: () => [],
    protocol: 'HTTP/1.1',
    rawBody: undefined,
    hasTextBody: false,
    contextExtension: () => undefined,
  };
  const path = { path: '/orders', query };
  return {
    check,
    api: 'orders',
    apiLabels: {},
    basePath: '/',
    now: 0,
    expressionFailed: () => undefined,
    path,
    clientAddress: '192.0.2.1',
    trustedHops,
    identity: {},
    ownedHeaders: new Set(),
    upstream: [],
    directory,
    deadline,
  };
}

export function bearer(token: string, sent: Sent = {}): Request {
  return requestOf({ ...sent, headers: { ...sent.headers, authorization: `Bearer ${token}` } });
}
