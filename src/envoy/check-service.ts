import { NOTHING_DECIDED } from '../decision/decision.ts';
import type { Decision } from '../decision/decision.ts';
import { Abandoned } from '../decision/deliberation.ts';
import type { DecisionPorts } from '../decision/deliberation.ts';
import { decide } from '../decision/pipeline.ts';
import type { Denial } from '../denial/denial.ts';
import { reasons } from '../denial/reasons.ts';
import type { ReasonTable } from '../denial/reasons.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import type { Check } from '../request/check.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { MalformedCheck, readCheck } from './read-check.ts';
import { createAnswerWriter } from './write-answer.ts';

export const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';

/** Called for every Check. Reads what it needs of `check` before it returns; never throws. */
export interface CheckObserver {
  /** @param sequence as {@link DecisionIds.next} gave it; −1 if the decision has no id */
  decided(decision: Decision, check: Check, durationMs: number, sequence: number): void;
  /** The Check ended as a gRPC error, without a decision. */
  failed(error: 'malformed' | 'deadline_exceeded'): void;
  /** @param policy empty if no policy failed */
  policyFailed(policy: string, error: unknown): void;
}

/** Follows Checks that are traced. Never throws. */
export interface CheckTracer {
  /** @returns undefined if this Check is not traced */
  begin(check: Check, call: Call, ports: DecisionPorts, startedAt: number): CheckTrace | undefined;
}

/** Follows one Check: it is decided with these ports, and then it ends in one of two ways. */
export interface CheckTrace {
  readonly ports: DecisionPorts;
  decided(decision: Decision, durationMs: number): void;
  /** The Check ended as a gRPC error, without a decision. */
  failed(code: Code): void;
}

/** Gives decisions ids, which Envoy repeats in its access log. Never throws. */
export interface DecisionIds {
  /** What each answer ends with, one character a byte: a `dynamic_metadata` with room for the id. */
  readonly ending: string;
  /** @returns 0, 1, 2, …: the number of the decision among those of this process */
  next(decision: Decision, check: Check): number;
  /** Writes the id of the decision that came last into the ending of the answer. */
  write(answer: Uint8Array, durationMs: number): void;
}

export interface CheckMethodOptions {
  /** In force now; undefined until one is loaded. */
  readonly snapshot: () => Snapshot | undefined;
  readonly ports: DecisionPorts;
  readonly observer: CheckObserver;
  /** Absent: no Check is traced. */
  readonly tracer?: CheckTracer | undefined;
  /** Absent: decisions have none. */
  readonly ids?: DecisionIds | undefined;
}

/**
 * `envoy.service.auth.v3.Authorization/Check`. Every Check that can be decoded in time is answered with a decision.
 * Envoy treats a gRPC error as a failure and may let the request pass, so an unexpected failure here is a denial. The
 * answer is synchronous if no policy has to wait.
 */
export function createCheckMethod({ snapshot, ports, observer, tracer, ids }: CheckMethodOptions): Method {
  const { clock } = ports;
  const write = createAnswerWriter(ids?.ending);

  function answer(
    decision: Decision,
    check: Check,
    table: ReasonTable,
    startedAt: number,
    trace?: CheckTrace,
    isGone = false,
  ): Uint8Array {
    let written = decision;
    let bytes: Uint8Array;
    try {
      bytes = write(decision, check, table);
    } catch (error) {
      observer.policyFailed('', error);
      written = { ...decision, ...denied({ reason: 'policy_failed', detail: 'the answer could not be written' }) };
      bytes = write(written, check, table);
    }
    const durationMs = clock.monotonic() - startedAt;
    // No entry of the log can have the id of an answer that nobody gets.
    const sequence = ids === undefined || isGone ? -1 : ids.next(written, check);
    if (sequence >= 0) ids?.write(bytes, durationMs);
    observer.decided(written, check, durationMs, sequence);
    trace?.decided(written, durationMs);
    return bytes;
  }

  function failure(error: unknown, { version }: Snapshot): Decision {
    observer.policyFailed('', error);
    const denial: Denial = { reason: 'policy_failed', detail: 'the decision failed unexpectedly' };
    return { ...NOTHING_DECIDED, denial, snapshotVersion: version };
  }

  return {
    kind: 'unary',
    path: CHECK_PATH,
    handle(request, call) {
      const startedAt = clock.monotonic();
      if (startedAt >= call.deadline) throw late(observer);
      const check = read(request, observer);
      // Read once, so that a reload while this Check waits does not mix two versions.
      const inForce = snapshot();
      if (inForce === undefined) {
        const denial: Denial = {
          reason: 'not_ready',
          detail: 'no documents are loaded yet, or they are older than --max-stale allows',
        };
        return answer({ ...NOTHING_DECIDED, denial }, check, reasons, startedAt);
      }
      const trace = tracer?.begin(check, call, ports, startedAt);
      let decided: Decision | Promise<Decision>;
      try {
        decided = decide(inForce, check, trace?.ports ?? ports, call.deadline, call, startedAt);
      } catch (error) {
        decided = failure(error, inForce);
      }
      if (!(decided instanceof Promise)) return answer(decided, check, inForce.reasons, startedAt, trace);
      const answered = decided
        .catch((error: unknown) => {
          if (!(error instanceof Abandoned)) return failure(error, inForce);
          throw clock.monotonic() >= call.deadline ? late(observer, trace) : gone(trace);
        })
        .then((decision) => {
          if (clock.monotonic() >= call.deadline) throw late(observer, trace);
          const bytes = answer(decision, check, inForce.reasons, startedAt, trace, call.signal.aborted);
          // The next decision may have its id written over this one's before these bytes are sent.
          return ids === undefined ? bytes : Buffer.from(bytes);
        });
      return untilGone(answered, call);
    },
  };
}

/** A denial must not contain what an allow would have set or shown. */
function denied(denial: Denial): Omit<Decision, 'api' | 'identity' | 'steps' | 'snapshotVersion'> {
  return { denial, answer: undefined, policy: '', upstream: [], remove: [], extras: undefined, exposed: [] };
}

function read(request: Uint8Array, observer: CheckObserver): Check {
  try {
    return readCheck(request);
  } catch (error) {
    if (!(error instanceof MalformedCheck)) throw error;
    observer.failed('malformed');
    throw new RpcError(Code.invalidArgument, `the CheckRequest can't be decoded: ${error.message}`);
  }
}

/**
 * Settles as soon as the caller leaves, even if work for it goes on: otherwise calls that nobody waits for would count
 * against others of the same connection. The work has its own bounds.
 */
function untilGone(answered: Promise<Uint8Array>, call: Call): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(gone());
    call.signal.addEventListener('abort', leave, { once: true });
    const stay = (): void => call.signal.removeEventListener('abort', leave);
    answered.finally(stay).then(resolve, reject);
  });
}

function late(observer: CheckObserver, trace?: CheckTrace): RpcError {
  trace?.failed(Code.deadlineExceeded);
  observer.failed('deadline_exceeded');
  return new RpcError(Code.deadlineExceeded, 'the deadline has passed');
}

function gone(trace?: CheckTrace): RpcError {
  trace?.failed(Code.cancelled);
  return new RpcError(Code.cancelled, 'the caller has left');
}
