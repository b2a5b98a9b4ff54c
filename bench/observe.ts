import { Registry } from 'prom-client';
import { systemClock } from '../src/clock.ts';
import type { ClientApplication, Contract } from '../src/contract/contract.ts';
import type { Decision, Step } from '../src/decision/decision.ts';
import { createCheckMetrics } from '../src/observe/check-metrics.ts';
import { createDecisionLog } from '../src/observe/decision-log.ts';
import type { DecisionLog } from '../src/observe/decision-log.ts';
import { createLog } from '../src/observe/log.ts';
import type { Check } from '../src/request/check.ts';
import { nanosecondsPerCall } from './timing.ts';

// What watching costs a Check: nanoseconds of metrics and of the decision log for an allowed Check with
// three policies, a client and a quota; and what a scrape costs. Lines go nowhere: writing them is the
// destination's work. `node bench/observe.ts`

const CLIENTS = 500;

const decisions = Array.from({ length: CLIENTS }, (_, at) => allowed(`client-${at}`));
const registry = new Registry();
const metrics = createCheckMetrics(registry);
const sampled = decisionLog(0.01);
const written = decisionLog(1);
const check = checkOf();

let at = 0;
const next = (): Decision => decisions[(at += 1) % CLIENTS] as Decision;
const metricsNs = nanosecondsPerCall(() => {
  metrics.decided(next(), (at % 64) / 100);
  return at;
});
const sampledNs = nanosecondsPerCall(() => {
  sampled.decided(next(), check, 0.1);
  return at;
});
const writtenNs = nanosecondsPerCall(() => {
  written.decided(next(), check, 0.1);
  return at;
}, 20_000);
const startedAt = performance.now();
const text = await registry.metrics();
const SCRAPE_MS = performance.now() - startedAt;

const result = {
  metrics_ns_per_check: Math.round(metricsNs),
  log_ns_per_check_at_1_percent: Math.round(sampledNs),
  log_ns_per_line: Math.round(writtenNs),
  scrape_ms: Math.round(SCRAPE_MS * 10) / 10,
  scrape_bytes: text.length,
};
process.stdout.write(`${JSON.stringify(result)}\n`);

function decisionLog(allowRate: number): DecisionLog {
  return createDecisionLog({
    log: createLog('info', { write: () => {} }, () => systemClock.now()),
    clock: systemClock,
    allowRate,
    maxLinesPerSecond: Number.MAX_SAFE_INTEGER,
    random: Math.random,
    clientAddress: (seen) => seen.sourceAddress,
    suppressed: () => {},
  });
}

function checkOf(): Check {
  const headers = new Map([['x-request-id', '9c0f6f1e-3c3c-4b43-8a0e-0a8a4c7a2f6d']]);
  return {
    isHttp: true,
    method: 'GET',
    path: '/orders/v1/items/17?limit=20&after=abc',
    host: 'orders.shop.svc.cluster.local:8080',
    streamId: '301668583215567008',
    requestTime: '1700000000.5',
    sourceAddress: '10.1.2.3',
    sourcePort: 41_234,
    sourcePrincipal: '',
    sourceCertificate: '',
    header: (name) => headers.get(name),
    headerTail: () => undefined,
    headerEquals: () => false,
    headerNames: () => [...headers.keys()],
    writeOrigin: () => 0,
    headerNamesWithSigns: () => [],
    headerNamesMeant: () => [],
    protocol: 'HTTP/1.1',
    rawBody: undefined,
    hasTextBody: false,
    contextExtension: () => undefined,
  };
}

function allowed(clientId: string): Decision {
  const client: ClientApplication = { name: clientId, clientId, secrets: [] };
  const contract: Contract = {
    name: clientId,
    api: 'orders',
    client,
    status: 'approved',
    tier: { name: 'gold', limits: [] },
  };
  const step = (name: string, policy: string, parts: Partial<Step> = {}): Step => ({
    name,
    policy,
    mode: 'enforce',
    result: 'allow',
    durationMs: 0.004,
    ...parts,
  });
  return {
    api: 'orders',
    denial: undefined,
    policy: '',
    identity: { client, contract },
    upstream: [],
    remove: [],
    exposed: [],
    steps: [
      step('orders/0', 'jwt-validation'),
      step('orders/1', 'client-id-enforcement'),
      step('orders-quota', 'rate-limiting-sla', { cost: 1 }),
    ],
    snapshotVersion: 'v1',
  };
}
