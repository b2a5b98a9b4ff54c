import { createAccessLogService } from '../../src/analytics/access-log-service.ts';
import { noSharing } from '../../src/analytics/sharing.ts';
import { openAccounts } from './decided.ts';
import type { RequestEvent } from '../../src/analytics/event.ts';
import { systemClock as clock, systemTimers } from '../../src/clock.ts';
import { createCheckMethod } from '../../src/envoy/check-service.ts';
import { http2Transport } from '../../src/http2/transport.ts';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import { snapshotOfDocuments } from '../decision/documents.ts';
import { api, client, contract } from '../e2e/documents.ts';
import { portsOf } from '../policy/fixtures.ts';

const MINUTE = 60_000;

const CLIENT_ID = { policyRef: { name: 'client-id-enforcement' } };
const ONE = [{ maximumRequests: 1, timePeriodInMilliseconds: MINUTE }];
const documents = [
  api('orders', {
    tiers: [
      { name: 'gold', limits: [{ maximumRequests: 1000, timePeriodInMilliseconds: MINUTE }] },
      { name: 'one', limits: ONE },
    ],
    policies: [CLIENT_ID, { policyRef: { name: 'rate-limiting-sla' } }],
    routes: [{ path: '/{id}' }, { path: '/{id}/items/{item}', methods: ['GET'] }, { path: '/mine', name: 'my-orders' }],
  }),
  api('closed', { policies: [CLIENT_ID] }),
  api('moved'),
  api('gone'),
  api('grpc', { basePath: '/shop.Orders', policies: [CLIENT_ID] }),
  api('tried', {
    policies: [
      { ...CLIENT_ID, mode: 'shadow' },
      { policyRef: { name: 'rate-limiting' }, name: 'new-quota', mode: 'shadow', config: { rateLimits: ONE } },
    ],
  }),
  api('answered', { policies: [{ policyRef: { name: 'cors' }, config: { publicResource: true } }] }),
  ...['gold', 'spender', 'stranger'].map((name) => client(name)),
  contract('gold', 'orders', 'gold'),
  contract('spender', 'orders', 'one'),
  contract('gold', 'closed'),
  contract('gold', 'grpc'),
];
/** Decides Checks and reads the log, as the service does, and keeps the events. */
export interface EventService {
  readonly port: number;
  readonly events: readonly RequestEvent[];
  stop(): Promise<void>;
}

export async function startEventService(): Promise<EventService> {
  const events: RequestEvent[] = [];
  const snapshot = await snapshotOfDocuments(documents);
  const store = new MemoryCounterStore(clock);
  const accounts = openAccounts();
  const check = createCheckMethod({
    snapshot: () => snapshot,
    ports: portsOf({ clock, take: (demands) => store.take(demands) }),
    observer: { decided() {}, failed() {}, policyFailed() {} },
    ids: accounts,
  });
  const accessLog = createAccessLogService({
    registry: new Registry(),
    families: [],
    mostSeries: 1000,
    seed: 1,
    cube: () => undefined,
    names: () => snapshot,
    now: () => clock.now(),
    newId: () => 'own',
    clientAddress: 'truncated',
    takers: [{ take: (event) => void events.push(event) }],
    accounts,
    sharing: noSharing,
    timers: systemTimers,
    monotonic: () => clock.monotonic(),
    log: { warn() {} },
  });
  const listener = await http2Transport({ now: () => performance.now() })({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    methods: [check, ...accessLog.methods()],
    tls: undefined,
    maxMessageBytes: 1 << 22,
  });
  if (listener.address.kind !== 'tcp') throw new Error('not a TCP address');
  return { port: listener.address.port, events, stop: () => listener.drain(0) };
}
