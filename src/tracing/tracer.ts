import type { Clock } from '../clock.ts';
import type { CheckTracer } from '../envoy/check-service.ts';
import type { Call } from '../grpc/rpc.ts';
import type { Check } from '../request/check.ts';
import { RecordedCheck } from './check-trace.ts';
import type { EndedCheck } from './check-trace.ts';
import type { createSampler } from './sampling.ts';
import { incomingTrace } from './trace-context.ts';
import type { IncomingTrace } from './trace-context.ts';

/** The most traces a second. Callers decide by a header whether a request is sampled. */
export const MOST_TRACES_A_SECOND = 1000;

export interface TracerPorts {
  readonly clock: Clock;
  readonly sample: ReturnType<typeof createSampler>;
  readonly ended: (check: EndedCheck) => void;
  /** A Check that should be sampled is not traced, because there were too many. */
  readonly overRate: () => void;
}

export function createTracer({ clock, sample, ended, overRate }: TracerPorts): CheckTracer {
  let second = Number.NEGATIVE_INFINITY;
  let begun = 0;

  const hasRoom = (): boolean => {
    const now = clock.monotonic();
    if (now - second >= 1000) [second, begun] = [now, 0];
    begun += 1;
    return begun <= MOST_TRACES_A_SECOND;
  };

  return {
    begin(check, call, ports, startedAt) {
      const trace = sample(traceOf(check, call));
      if (trace === undefined) return undefined;
      if (!hasRoom()) {
        overRate();
        return undefined;
      }
      return new RecordedCheck({ trace, method: check.isHttp ? check.method : '', startedAt, ports, ended });
    },
  };
}

/**
 * If Envoy traces requests, its call has the context of Envoy's span for the call, and the request still has what the
 * caller sent. If it does not, only the request may have a context.
 */
function traceOf(check: Check, call: Call): IncomingTrace | undefined {
  return incomingTrace((name) => call.traceField?.(name)) ?? incomingTrace((name) => check.header(name));
}
