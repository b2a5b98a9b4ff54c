import type { EndedCheck } from '../../src/tracing/check-trace.ts';
import { decision, step } from '../observe/decisions.ts';

let ids = 0;

const limited = step({ name: 'orders/limit', policy: 'rate-limiting', cost: 2, durationMs: 3 });

/** A Check that was allowed after one policy and a call of the store, in a trace of its own. */
export function endedCheck(more: Partial<EndedCheck> = {}): EndedCheck {
  return {
    trace: { traceId: String(++ids).padStart(32, '0'), parent: undefined },
    method: 'GET',
    startedAt: 1,
    endedAt: 9.0625,
    steps: [{ step: limited, startedAt: 2 }],
    calls: [{ startedAt: 2.5, endedAt: 4.75, demands: 1, hasWaited: true, result: 'granted' }],
    decision: decision({ steps: [limited] }),
    code: 0,
    ...more,
  };
}
