import { afterEach } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { ClientApplication, Contract, Tier } from '../../src/contract/contract.ts';
import { decide } from '../../src/decision/pipeline.ts';
import { readCheck } from '../../src/envoy/read-check.ts';
import { createAnswerWriter } from '../../src/envoy/write-answer.ts';
import type { Fault } from '../../src/errors.ts';
import { Health } from '../../src/grpc/health.ts';
import type { Method } from '../../src/grpc/rpc.ts';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import { createInspector } from '../../src/operator/inspector.ts';
import { openApi } from '../../src/operator/listener.ts';
import type { ApiListener, ApiOptions } from '../../src/operator/listener.ts';
import { ProbeWatch } from '../../src/operator/probe-watch.ts';
import rateLimitingSla from '../../src/policies/rate-limiting-sla.ts';
import rateLimiting from '../../src/policies/rate-limiting.ts';
import { probeDesk } from '../../src/serve/probes.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { application, quotaPolicy } from '../policies/rate-limiting-request.ts';
import { apiOf, bound, portsOf, snapshotOf } from '../policy/fixtures.ts';

export const client: ClientApplication = application('shop');
const GOLD: Tier = { name: 'gold', limits: [{ name: 'burst', maximumRequests: 3, timePeriodInMilliseconds: 60_000 }] };
const contract: Contract = { name: 'shop-orders', api: 'orders', client, status: 'approved', tier: GOLD };

/** One API with an SLA tier and a limit for all of its callers. */
export function snapshot(): Snapshot {
  const sla = quotaPolicy(rateLimitingSla, { clientSecretExpression: '' });
  const everyone = quotaPolicy(rateLimiting, {
    rateLimits: [{ maximumRequests: 100, timePeriodInMilliseconds: 1000 }],
  });
  const orders = apiOf({
    name: 'orders',
    labels: { team: 'shop' },
    hosts: ['orders.example.com'],
    basePath: '/orders',
    tiers: [GOLD],
    quota: [
      bound('orders/0', sla, { kind: 'rate-limiting-sla' }),
      bound('limit-all', everyone, { kind: 'rate-limiting', order: 60 }),
    ],
  });
  return snapshotOf([orders], { contracts: [contract] });
}

export interface Api {
  readonly listener: ApiListener;
  readonly health: Health;
  readonly store: MemoryCounterStore;
  /** Such as `http://127.0.0.1:40000`; of no use for a Unix socket. */
  readonly url: string;
}

/** Opens listeners on the real pipeline and store, which the end of each test closes. */
export function apis() {
  const open: ApiListener[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((listener) => listener.drain(0)));
  });
  return async function serve(
    options: Partial<ApiOptions> = {},
    loaded: { snapshot?: Snapshot | undefined; faults?: readonly Fault[] } = { snapshot: snapshot() },
  ): Promise<Api> {
    const store = new MemoryCounterStore(systemClock);
    const health = new Health(['', 'envoy.service.auth.v3.Authorization']);
    const ports = portsOf({ clock: systemClock });
    const inspector = createInspector({
      snapshot: () => loaded.snapshot,
      faults: () => loaded.faults ?? [],
      store,
      ports,
    });
    const listener = await openApi({
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      methods: [authorization(store), ...health.methods()],
      inspector,
      analytics: { archive: undefined, samples: undefined },
      probes: probeDesk(new ProbeWatch(() => systemClock.now()), () => []),
      tokenFile: undefined,
      maxMessageBytes: 1_000_000,
      maxConnections: 100,
      clock: systemClock,
      ...options,
    });
    open.push(listener);
    const { port } = listener.address as { port: number };
    return { listener, health, store, url: `http://127.0.0.1:${port}` };
  };
}

function authorization(store: MemoryCounterStore): Method {
  const write = createAnswerWriter();
  const inForce = snapshot();
  const ports = portsOf({ clock: systemClock, take: (demands) => store.take(demands) });
  return {
    kind: 'unary',
    path: '/envoy.service.auth.v3.Authorization/Check',
    async handle(bytes, call) {
      const check = readCheck(bytes);
      return write(await decide(inForce, check, ports, call.deadline), check, inForce.reasons);
    },
  };
}

/** A CheckRequest as JSON. */
export const checkOf = (headers: Record<string, string> = { client_id: client.clientId }) => ({
  attributes: { request: { http: { method: 'GET', host: 'orders.example.com', path: '/orders/1', headers } } },
});
