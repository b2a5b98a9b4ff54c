import type { Clock } from '../../src/clock.ts';
import type { ClientApplication, Contract } from '../../src/contract/contract.ts';
import type { Decision, Step } from '../../src/decision/decision.ts';
import type { Check } from '../../src/request/check.ts';

/** A decision as the pipeline makes it: allowed, with one policy, unless told otherwise. */
export function decision(parts: Partial<Decision> = {}): Decision {
  return {
    api: 'orders',
    denial: undefined,
    policy: '',
    identity: {},
    upstream: [],
    remove: [],
    exposed: [],
    steps: [step()],
    snapshotVersion: 'v1',
    ...parts,
  };
}

export function step(parts: Partial<Step> = {}): Step {
  return { name: 'orders/0', policy: 'jwt-validation', mode: 'enforce', result: 'allow', durationMs: 0.02, ...parts };
}

export function contractOf(clientId: string, tier = 'gold'): Contract {
  const client: ClientApplication = { name: `app-${clientId}`, clientId, secrets: [] };
  return {
    name: `${clientId}-orders`,
    api: 'orders',
    client,
    status: 'approved',
    tier: { name: tier, limits: [{ maximumRequests: 10, timePeriodInMilliseconds: 1000 }] },
  };
}

export function checkOf(parts: Partial<Check> & { headers?: Record<string, string> } = {}): Check {
  const { headers = {}, ...rest } = parts;
  return {
    isHttp: true,
    method: 'GET',
    path: '/orders/17?limit=5',
    host: 'orders.example.com',
    streamId: '301668583215567008',
    requestTime: '',
    sourceAddress: '192.0.2.7',
    sourcePort: 4711,
    sourcePrincipal: '',
    sourceCertificate: '',
    header: (name) => headers[name],
    headerTail: () => undefined,
    headerEquals: () => false,
    headerNames: () => Object.keys(headers),
    writeOrigin: () => 0,
    headerNamesWithSigns: () => [],
    headerNamesMeant: () => [],
    protocol: 'HTTP/1.1',
    rawBody: undefined,
    hasTextBody: false,
    contextExtension: () => undefined,
    ...rest,
  };
}

/** A clock that stands still until it is moved. */
export function stoppedClock(): Clock & { advance(ms: number): void } {
  let at = 0;
  return {
    now: () => 1_700_000_000_000 + at,
    monotonic: () => at,
    advance(ms) {
      at += ms;
    },
  };
}
