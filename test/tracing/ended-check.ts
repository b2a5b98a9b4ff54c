import type { Decision, Step } from '../../src/decision/decision.ts';
import type { EndedCheck } from '../../src/tracing/check-trace.ts';

let ids = 0;

const step: Step = {
  name: 'orders/limit',
  policy: 'rate-limiting',
  mode: 'enforce',
  result: 'allow',
  cost: 2,
  durationMs: 3,
};

const decision: Decision = {
  api: 'orders',
  denial: undefined,
  policy: '',
  identity: {},
  upstream: [],
  remove: [],
  exposed: [],
  steps: [step],
  snapshotVersion: 'v1',
};

/** A Check that was allowed after one policy and a call of the store, in a trace of its own. */
export function endedCheck(more: Partial<EndedCheck> = {}): EndedCheck {
  return {
    trace: { traceId: String(++ids).padStart(32, '0'), parent: undefined },
    method: 'GET',
    startedAt: 1,
    endedAt: 9.0625,
    steps: [{ step, startedAt: 2 }],
    calls: [{ startedAt: 2.5, endedAt: 4.75, demands: 1, hasWaited: true, result: 'granted' }],
    decision,
    code: 0,
    ...more,
  };
}
