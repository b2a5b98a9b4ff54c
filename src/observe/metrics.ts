import type { Clock } from '../clock.ts';
import type { OutcomeKind } from '../decision/decision.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { createCheckMetrics } from './check-metrics.ts';
import type { CheckMetrics } from './check-metrics.ts';
import { createConfigMetrics } from './config-metrics.ts';
import type { ConfigMetrics } from './config-metrics.ts';
import { createContractUsage } from './contract-usage.ts';
import type { ContractUsage } from './contract-usage.ts';
import { CounterFamily } from './counter-family.ts';
import { createCounterMetrics } from './counter-metrics.ts';
import { createJwksMetrics } from './jwks-metrics.ts';
import type { JwksMetrics } from './jwks-metrics.ts';
import { expose } from './exposition.ts';
import type { Exposition, SharedFamily } from './exposition.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { Counter, Gauge, Registry } from './prometheus.ts';
import { createRouteMetrics } from './route-metrics.ts';
import type { RouteMetrics } from './route-metrics.ts';
import { createStoreMetrics } from './store-metrics.ts';
import type { InstrumentStore } from './store-metrics.ts';
import { createTlsMetrics } from './tls-metrics.ts';
import type { TlsMetrics } from './tls-metrics.ts';
import { createTransportMetrics } from './transport-metrics.ts';
import type { ObserveTransport } from './transport-metrics.ts';
import { createWorkerMetrics } from './worker-metrics.ts';
import type { WorkerMetrics } from './worker-metrics.ts';

/** All metrics, and the text that Prometheus scrapes (`docs/metrics.md` lists them). */
export interface Metrics {
  readonly checks: CheckMetrics;
  readonly usage: ContractUsage;
  readonly routes: RouteMetrics;
  readonly config: ConfigMetrics;
  readonly jwks: JwksMetrics;
  readonly tls: TlsMetrics;
  readonly observeTransport: ObserveTransport;
  readonly workers: WorkerMetrics;
  readonly counters: CounterMetrics;
  readonly instrumentStore: InstrumentStore;
  readonly log: LogMetrics;
  /** A request was explained at the operators' API. */
  explained(outcome: OutcomeKind): void;
  /** A request would be for another API if its host had no port, and no dot at its end. */
  hostDiffers(outcome: 'refused' | 'other_api'): void;
  /** A proxy's question over HTTP was refused. */
  questionRefused(reason: string): void;
  /** An expression of a policy had no value for a request. */
  expressionFailed(policy: string): void;
  readonly registry: Registry;
  /** Families that write themselves, after those of the registry. */
  readonly families: SharedFamily[];
  /** The answer to a scrape. @param accept its header */
  expose(accept: string | undefined): Exposition;
}

export interface LogMetrics {
  /** A decision had no line of its own, because there were too many. */
  suppressed(): void;
  /** A line was lost, because nobody read standard output fast enough. */
  dropped(): void;
}

export interface MetricsOptions {
  readonly clock: Clock;
  /** The version of ostiary. */
  readonly version: string;
}

export function createMetrics({ clock, version }: MetricsOptions): Metrics {
  const registry = new Registry();
  const usage = createContractUsage(() => clock.now());
  const families: SharedFamily[] = [...usage.families];
  registerProcessMetrics(registry);
  new Gauge({
    name: 'ostiary_build_info',
    help: 'The version of ostiary and of Node.js that runs it. Always 1.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.versions.node }, 1);
  return {
    checks: createCheckMetrics(registry),
    usage,
    routes: createRouteMetrics(registry),
    config: createConfigMetrics(registry),
    jwks: createJwksMetrics(registry),
    tls: createTlsMetrics(registry),
    observeTransport: createTransportMetrics(registry),
    workers: createWorkerMetrics(registry),
    counters: createCounterMetrics(registry),
    instrumentStore: createStoreMetrics(registry, clock),
    log: createLogMetrics(registry),
    explained: createExplainMetric(registry),
    hostDiffers: createHostMetric(registry),
    questionRefused: createQuestionMetric(registry),
    expressionFailed: createExpressionMetric(registry),
    registry,
    families,
    expose: (accept) => expose(accept, () => ({ registry, families })),
  };
}

function createExplainMetric(registry: Registry): Metrics['explained'] {
  const explained = new Counter({
    name: 'ostiary_explanations_total',
    help: "Requests explained at the operators' API, by what would have become of them.",
    labelNames: ['outcome'],
    registers: [registry],
  });
  return (outcome) => explained.inc({ outcome });
}

function createHostMetric(registry: Registry): Metrics['hostDiffers'] {
  const differing = new Counter({
    name: 'ostiary_host_differs_total',
    help: 'Requests that would be for another API if their host had no port and no final dot, by what became of them.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  return (outcome) => differing.inc({ outcome });
}

function createQuestionMetric(registry: Registry): Metrics['questionRefused'] {
  const refused = new Counter({
    name: 'ostiary_http_refused_total',
    help: 'Questions of proxies over HTTP that were refused, by reason: without a decision, or because the proxy could not carry it out.',
    labelNames: ['reason'],
    registers: [registry],
  });
  return (reason) => refused.inc({ reason });
}

function createExpressionMetric(registry: Registry): Metrics['expressionFailed'] {
  const family = new CounterFamily({
    registry,
    name: 'ostiary_expression_errors_total',
    help: 'Expressions of policies that had no value for a request, by policy.',
    labels: ['policy'],
  });
  return (policy) => {
    family.series(policy).value += 1;
  };
}

function createLogMetrics(registry: Registry): LogMetrics {
  const suppressed = new Counter({
    name: 'ostiary_log_decisions_suppressed_total',
    help: 'Decisions without a log line of their own, because there were more than the bound in their second.',
    registers: [registry],
  });
  const dropped = new Counter({
    name: 'ostiary_log_lines_dropped_total',
    help: 'Log lines lost, because nobody read standard output fast enough.',
    registers: [registry],
  });
  return { suppressed: () => suppressed.inc(), dropped: () => dropped.inc() };
}
