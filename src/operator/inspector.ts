import type { Decision } from '../decision/decision.ts';
import { Abandoned } from '../decision/deliberation.ts';
import type { DecisionPorts } from '../decision/deliberation.ts';
import { decide } from '../decision/pipeline.ts';
import { MalformedCheck, readCheck } from '../envoy/read-check.ts';
import { createAnswerWriter } from '../envoy/write-answer.ts';
import type { Fault } from '../errors.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { CounterStore, Demand, Taking } from '../quota/store.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { CountersReset, Inspector } from './inspection.ts';
import type { RefreshKeys } from './keys.ts';

export interface InspectorOptions {
  readonly snapshot: () => Snapshot | undefined;
  readonly faults: () => readonly Fault[];
  readonly store: CounterStore;
  /** Absent if no key set is held. */
  readonly refreshKeys?: RefreshKeys;
  /** Called for each explanation: trying credentials here has no limit, so it should be visible. */
  readonly explained?: (decision: Decision) => void;
  /** Called for each reset by an operator. */
  readonly countersReset?: (reset: CountersReset) => void;
  /** The ports of `Authorization/Check`. Here, counters are only read and never charged. */
  readonly ports: Omit<DecisionPorts, 'take' | 'repetitions'>;
}

/** Explains with the pipeline and the writer of answers that decide Envoy's Checks. */
export function createInspector(options: InspectorOptions): Inspector {
  const { snapshot, faults, store, refreshKeys, ports, explained, countersReset } = options;
  const writeAnswer = createAnswerWriter();
  const peeking: DecisionPorts = {
    ...ports,
    isRehearsal: true,
    take: async (demands, deadline) => asIfTaken(demands, await store.peek(demands, deadline)),
  };
  return {
    snapshot,
    faults,
    store,
    refreshKeys: refreshKeys ?? (() => Promise.resolve([])),
    clock: ports.clock,
    ...(countersReset && { countersReset }),
    async explain(bytes, inForce, call) {
      try {
        const check = readCheck(bytes);
        const decision = await decide(inForce, check, peeking, call.deadline, call);
        explained?.(decision);
        return { decision, answer: writeAnswer(decision, check, inForce.reasons) };
      } catch (error) {
        if (error instanceof MalformedCheck) throw new RpcError(Code.invalidArgument, `check: ${error.message}`);
        if (error instanceof Abandoned) throw new RpcError(Code.deadlineExceeded, 'the explanation took too long');
        throw error;
      }
    },
  };
}

/** What `take` would have answered: a peek returns the windows without the charge. */
function asIfTaken(demands: readonly Demand[], taking: Taking): Taking {
  if (!taking.granted) return taking;
  const windows = taking.windows.map((states, i) =>
    states.map((state) => ({ ...state, remaining: Math.max(0, state.remaining - (demands[i]?.cost ?? 0)) })),
  );
  return { ...taking, windows };
}
