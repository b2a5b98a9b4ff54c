import { randomBytes } from 'node:crypto';
import type { Clock, Timers } from '../clock.ts';
import type { CheckTracer } from '../envoy/check-service.ts';
import { systemResolve } from '../egress/lookup.ts';
import { egressTransport } from '../egress/transport.ts';
import type { Registry } from '../observe/prometheus.ts';
import { collector } from './collector.ts';
import { headersOf, resourceOf } from './standard-variables.ts';
import { createSampler } from './sampling.ts';
import type { EndedCheck } from './check-trace.ts';
import { TraceExport } from './trace-export.ts';
import type { TraceExportPorts } from './trace-export.ts';
import { createTraceMetrics } from './trace-metrics.ts';
import { createTracer } from './tracer.ts';
import { WallTime } from './wall-time.ts';

export interface TracingOptions extends Pick<TraceExportPorts, 'tell' | 'version' | 'random'> {
  /** The URL of the collector, with its path. */
  readonly url: string;
  /** The share of traces to keep, of those that begin here. */
  readonly ratio: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly timers: Timers;
  /** `--node-id`. Undefined: a random name. */
  readonly node: string | undefined;
  /** What holds the counters: `redis` or `memory`. */
  readonly store: string;
}

export interface Tracing extends CheckTracer {
  /** Sends waiting spans. */
  close(): Promise<void>;
}

/** The operator's flag names the collector, so the rules of egress do not apply. */
const ANYWHERE = { problemOf: () => undefined, problemOfAddress: () => undefined };

const randomHex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** @throws UserError if a variable of OpenTelemetry is malformed */
export function openTracing({ url, ratio, environment, registry, store, node, ...ports }: TracingOptions): Tracing {
  const { clock, timers, random } = ports;
  const metrics = createTraceMetrics(registry);
  const wall = new WallTime(clock);
  const transport = egressTransport({ variables: environment, rules: ANYWHERE, resolve: systemResolve(), timers });
  const exporting = new TraceExport({
    ...ports,
    metrics,
    deliver: collector({ transport, url, headers: headersOf(environment) }),
    resource: resourceOf(environment, ports.version, node ?? randomHex(16)),
    spans: { wallMs: (monotonicMs) => wall.of(monotonicMs), randomHex, store },
  });
  const tracer = createTracer({
    clock,
    sample: createSampler({ ratio, random, randomHex }),
    ended(check: EndedCheck) {
      wall.look();
      exporting.take(check);
    },
    overRate: () => void (metrics.checks.over_rate.value += 1),
  });
  return { ...tracer, close: () => exporting.close() };
}
