import type { Clock } from '../clock.ts';
import { Unavailable } from '../policy/unavailable.ts';
import { outcomeOf } from '../decision/decision.ts';
import type { Decision } from '../decision/decision.ts';
import type { HostDifference } from '../decision/locate.ts';
import type { TransportObserver } from '../http2/transport-events.ts';
import type { KeySetFetch } from '../jwt/key-set-report.ts';
import type { ExpressionFailure } from '../policy/expression-failure.ts';
import { StoreUnavailable } from '../quota/store.ts';
import type { Check } from '../request/check.ts';
import type { CheckError } from './check-metrics.ts';
import { createDecisionLog } from './decision-log.ts';
import type { DecisionLogOptions } from './decision-log.ts';
import { errorFields } from './error-fields.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { createRateBound } from './rate-bound.ts';

/** Called after every Check is answered. Never throws. */
export interface Observer {
  decided(decision: Decision, check: Check, durationMs: number): void;
  /** An operator had a request explained; no quota limits this. */
  explained(decision: Decision): void;
  /** The Check ended as a gRPC error, without a decision. */
  failed(error: CheckError): void;
  /** A policy or the store failed unexpectedly; its failure mode decides the Check. */
  policyFailed(policy: string, error: unknown): void;
  /** An expression of a policy had no value for a request. */
  expressionFailed(policy: string, failure: ExpressionFailure): void;
  /**
   * A method of a gRPC service failed unexpectedly.
   * @param method such as `/grpc.health.v1.Health/Check`
   */
  callFailed(method: string, error: unknown): void;
  /** A request is decided otherwise, or refused, only because its host has a port or a final dot. */
  hostDiffers(difference: HostDifference): void;
  /** A call of the operator's API was refused: its method, empty if it names none, and why. */
  callRefused(method: string, why: string): void;
  /** A proxy's question over HTTP was refused: the kind, and what was wrong. */
  questionRefused(reason: string, why: string): void;
  /** An operator has closed the windows of these counters. */
  countersReset(reset: OperatorReset): void;
  /** A fetch of a key set has ended. */
  keySetFetched(fetch: KeySetFetch): void;
  /**
   * Makes the observer of a listener's transport: its totals, its abusive peers and its own faults.
   * @param listener such as `grpc`
   */
  transport(listener: string): TransportObserver;
  /** Reports what the log has suppressed. Call this before the process exits. */
  flush(): Promise<void>;
}

/** A reset by an operator; all keys in it are hashed. */
export interface OperatorReset {
  readonly api: string;
  readonly clientId: string;
  readonly counters: readonly string[];
  readonly windows: number;
  readonly isComplete: boolean;
}

export interface ObserverOptions extends Pick<
  DecisionLogOptions,
  'allowRate' | 'maxLinesPerSecond' | 'random' | 'clientAddress'
> {
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
}

/** Log lines a second about failing policies and Checks, since these repeat themselves. */
const MAX_FAILURE_LINES_PER_SECOND = 10;

/** The most characters of an expression in a line. */
const MAX_TOLD_EXPRESSION = 500;

const UNTOLD_EVERY_MS = 10_000;

const MAX_EXPLANATION_LINES_PER_SECOND = 10;

export function createObserver({ metrics, log, clock, ...options }: ObserverOptions): Observer {
  const decisions = createDecisionLog({ ...options, log, clock, suppressed: () => metrics.log.suppressed() });
  const explanations = createRateBound(MAX_EXPLANATION_LINES_PER_SECOND);
  const hostsTold = new Set<string>();
  const failures = createRateBound(MAX_FAILURE_LINES_PER_SECOND);

  // The store reports an outage once. This is for other failures, and one line of many is enough.
  let untold = 0;
  let untoldAt = Number.NEGATIVE_INFINITY;
  const quotaUntold = (policy: string, detail: string): void => {
    const now = clock.monotonic();
    if (now - untoldAt < UNTOLD_EVERY_MS) {
      untold += 1;
      return;
    }
    log.warn('quota not told by the store', { policy, detail, suppressed: untold });
    untoldAt = now;
    untold = 0;
  };

  return {
    decided(decision, check, durationMs) {
      metrics.checks.decided(decision, durationMs);
      metrics.usage.decided(decision);
      decisions.decided(decision, check, durationMs);
      const never = metrics.routes.decided(check);
      if (never !== undefined) log.warn('route without a name', { api: decision.api, never_seen: never });
    },
    explained(decision) {
      const { api, denial, policy } = decision;
      const outcome = outcomeOf(decision);
      metrics.explained(outcome);
      if (!explanations.admits(clock.monotonic())) return;
      log.info('explained', { api, outcome, reason: denial?.reason, policy });
    },
    failed(error) {
      metrics.checks.failed(error);
      if (failures.admits(clock.monotonic())) log.warn('check failed', { reason: error });
    },
    policyFailed(policy, error) {
      if (error instanceof StoreUnavailable) quotaUntold(policy, error.message);
      else if (failures.admits(clock.monotonic())) {
        const detail = error instanceof Unavailable ? { detail: error.message } : errorFields(error);
        log.error('policy failed', { policy, ...detail });
      }
    },
    expressionFailed(policy, { expression, message }) {
      metrics.expressionFailed(policy);
      if (!failures.admits(clock.monotonic())) return;
      log.warn('expression failed', { policy, expression: expression.slice(0, MAX_TOLD_EXPRESSION), detail: message });
    },
    callFailed(method, error) {
      if (failures.admits(clock.monotonic())) log.error('call failed', { method, ...errorFields(error) });
    },
    hostDiffers({ host, api, outcome }) {
      metrics.hostDiffers(outcome);
      // At most one line for each API: the setting is wrong or right for all its requests.
      if (hostsTold.has(api)) return;
      hostsTold.add(api);
      log.warn('host with a port or a final dot', {
        api,
        outcome,
        detail: `${host} is not compared as the host of the API ${api}: where Envoy routes it there, see --host-port and --host-final-dot`,
      });
    },
    callRefused(method, why) {
      if (failures.admits(clock.monotonic())) log.warn('call refused', { method, detail: why });
    },
    questionRefused(reason, why) {
      metrics.questionRefused(reason);
      if (failures.admits(clock.monotonic())) log.warn('question refused', { reason, detail: why });
    },
    countersReset({ api, clientId, counters, windows, isComplete }) {
      const detail = `${windows} windows closed${isComplete ? '' : ', then the store failed'}`;
      const whose = clientId === '' ? {} : { client_id: clientId };
      log[isComplete ? 'info' : 'warn']('counters reset', { api, ...whose, keys: counters, detail });
    },
    keySetFetched(fetch) {
      metrics.jwks.fetched(fetch);
      const { url, outcome, detail, keys, ignored } = fetch;
      const fields = { url, outcome, duration_ms: Math.round(fetch.durationMs), keys };
      if (outcome !== 'success') log.warn('key set not fetched', { ...fields, detail });
      else if (ignored.length > 0) log.warn('key set fetched, less some keys', { ...fields, ignored });
      else log.info('key set fetched', fields);
    },
    transport(listener) {
      const sums = metrics.observeTransport(listener);
      return {
        counters: sums.counters,
        onAbuse(kind) {
          sums.onAbuse(kind);
          if (failures.admits(clock.monotonic())) log.warn('peer stopped', { listener, reason: kind });
        },
        onInternalError(error) {
          sums.onInternalError(error);
          if (failures.admits(clock.monotonic())) log.error('transport failed', { listener, ...errorFields(error) });
        },
      };
    },
    flush() {
      decisions.flush();
      return log.flush();
    },
  };
}
