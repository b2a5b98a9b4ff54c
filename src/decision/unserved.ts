import type { Denial } from '../denial/denial.ts';
import type { Api } from '../snapshot/snapshot.ts';
import type { DecisionPorts } from './deliberation.ts';

/** Why no request of an API is decided at the moment. Undefined: its policies decide. */
export function unserved({ maxStaleMs, withheld }: Api, { silentMs }: DecisionPorts): Denial | undefined {
  if (withheld !== undefined) return { reason: 'documents_faulty', detail: withheld };
  if (maxStaleMs === undefined || silentMs === undefined || silentMs() <= maxStaleMs) return undefined;
  const detail = `no control plane was heard for longer than spec.maxStale of the API allows (${maxStaleMs / 1000} s)`;
  return { reason: 'documents_stale', detail };
}
