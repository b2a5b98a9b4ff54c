import type { Decision, Step } from '../decision/decision.ts';
import type { DecisionPorts } from '../decision/deliberation.ts';
import type { CheckTrace } from '../envoy/check-service.ts';
import type { Code } from '../grpc/rpc.ts';
import type { Demand, Taking } from '../quota/store.ts';
import type { SampledTrace } from './sampling.ts';

/** A step of a policy, and when it began, in monotonic milliseconds. */
export interface TimedStep {
  readonly step: Step;
  readonly startedAt: number;
}

/** A call of the counter store. */
export interface StoreCall {
  readonly startedAt: number;
  readonly endedAt: number;
  /** The number of counters to be charged. */
  readonly demands: number;
  /** Whether it had to wait for the store. */
  readonly hasWaited: boolean;
  readonly result: 'granted' | 'refused' | 'by_outage_policy' | 'failed';
}

/** What is known of a Check that ended. Its spans are made from this. All times are monotonic milliseconds. */
export interface EndedCheck {
  readonly trace: SampledTrace;
  /** Upper case; empty for a Check that is not HTTP. */
  readonly method: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly steps: readonly TimedStep[];
  readonly calls: readonly StoreCall[];
  /** Undefined if the Check ended without a decision: then `code` says why. */
  readonly decision: Decision | undefined;
  readonly code: Code | 0;
}

export interface CheckTraceOptions {
  readonly trace: SampledTrace;
  readonly method: string;
  readonly startedAt: number;
  readonly ports: DecisionPorts;
  /** Must return at once, and never throws. */
  readonly ended: (check: EndedCheck) => void;
}

/** Records what happens while one Check is decided. It formats nothing. */
export class RecordedCheck implements CheckTrace {
  readonly ports: DecisionPorts;
  readonly #options: CheckTraceOptions;
  readonly #steps: TimedStep[] = [];
  readonly #calls: StoreCall[] = [];
  #hasEnded = false;

  constructor(options: CheckTraceOptions) {
    this.#options = options;
    this.ports = {
      ...options.ports,
      take: (demands, deadline) => this.#take(demands, deadline),
      noted: (step, startedAt) => this.#steps.push({ step, startedAt }),
    };
  }

  #take(demands: readonly Demand[], deadline: number): Taking | Promise<Taking> {
    const { clock, take } = this.#options.ports;
    const startedAt = clock.monotonic();
    const called = (hasWaited: boolean, result: StoreCall['result']): void => {
      this.#calls.push({ startedAt, endedAt: clock.monotonic(), demands: demands.length, hasWaited, result });
    };
    let taking: Taking | Promise<Taking>;
    try {
      taking = take(demands, deadline);
    } catch (error) {
      called(false, 'failed');
      throw error;
    }
    if (taking instanceof Promise) {
      taking.then(
        (taken) => called(true, resultOf(taken)),
        () => called(true, 'failed'),
      );
    } else called(false, resultOf(taking));
    return taking;
  }

  decided(decision: Decision, durationMs: number): void {
    this.#end(this.#options.startedAt + durationMs, decision, 0);
  }

  failed(code: Code): void {
    this.#end(this.#options.ports.clock.monotonic(), undefined, code);
  }

  #end(endedAt: number, decision: Decision | undefined, code: Code | 0): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { trace, method, startedAt, ended } = this.#options;
    ended({ trace, method, startedAt, endedAt, steps: this.#steps, calls: this.#calls, decision, code });
  }
}

function resultOf({ granted, byOutagePolicy }: Taking): StoreCall['result'] {
  if (byOutagePolicy === true) return 'by_outage_policy';
  return granted ? 'granted' : 'refused';
}
