import type { Clock } from '../clock.ts';
import { outcomeOf } from '../decision/decision.ts';
import type { Decision, Step } from '../decision/decision.ts';
import type { Check } from '../request/check.ts';
import type { Log, LogFields } from './log.ts';
import { createRateBound } from './rate-bound.ts';
import { requestFields } from './request-fields.ts';

export interface DecisionLogOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** 0 to 1: the share of allowed Checks that leave a line. */
  readonly allowRate: number;
  /** Decisions beyond this number a second get no line of their own, but are counted. */
  readonly maxLinesPerSecond: number;
  /** 0 to 1, such as `Math.random`. */
  readonly random: () => number;
  /** The client's address behind trusted proxies, or the peer's. */
  readonly clientAddress: (check: Check) => string;
  /** Called for each line that was not written. */
  readonly suppressed: () => void;
}

export interface DecisionLog {
  decided(decision: Decision, check: Check, durationMs: number): void;
  /** Reports suppressed lines. Call this before the process exits. */
  flush(): void;
}

/**
 * A line for every denial, for every Check in which a policy failed, and for a sample of the
 * others. A flood of denials costs a bounded number of lines, so that it can't take the service down.
 * @throws TypeError if a rate is out of range
 */
export function createDecisionLog(options: DecisionLogOptions): DecisionLog {
  const { log, clock, allowRate, maxLinesPerSecond, random, clientAddress, suppressed } = options;
  if (!(allowRate >= 0 && allowRate <= 1)) throw new TypeError('allowRate is a number from 0 to 1');
  if (!(maxLinesPerSecond >= 1)) throw new TypeError('maxLinesPerSecond is at least 1');
  const bound = createRateBound(maxLinesPerSecond);

  function tell(count: number): void {
    if (count > 0) log.warn('decision lines suppressed', { suppressed: count });
  }

  return {
    decided(decision, check, durationMs) {
      const isFailed = decision.steps.some((step) => step.result === 'failed');
      const isPlain = decision.denial === undefined && !isFailed;
      if (isPlain && (allowRate === 0 || random() >= allowRate)) return;
      const now = clock.monotonic();
      tell(bound.settle(now));
      if (!bound.admits(now)) {
        suppressed();
        return;
      }
      const fields = { ...decisionFields(decision, durationMs), ...requestFields(check, clientAddress(check)) };
      if (isFailed) log.warn('decision', fields);
      else log.info('decision', fields);
    },
    flush() {
      tell(bound.settleNow());
    },
  };
}

const MAX_DETAIL = 500;

function decisionFields(decision: Decision, durationMs: number): LogFields {
  const { denial, identity, steps } = decision;
  const shadow = steps.filter(({ mode }) => mode === 'shadow').map(resultOf);
  const remarks = steps.flatMap(({ name, remark }) =>
    remark === undefined ? [] : [`${name}: ${remark}`.slice(0, MAX_DETAIL)],
  );
  const failures = steps.filter(({ result }) => result === 'failed').map(({ name }) => name);
  return {
    outcome: outcomeOf(decision),
    api: decision.api,
    policy: decision.policy === '' ? undefined : decision.policy,
    reason: denial?.reason,
    cause: denial !== undefined && 'cause' in denial ? denial.cause : undefined,
    detail: denial?.detail.slice(0, MAX_DETAIL),
    client_id: identity.client?.clientId,
    client_name: identity.client?.name,
    contract: identity.contract?.name,
    tier: identity.contract?.tier?.name,
    shadow: shadow.length === 0 ? undefined : shadow,
    remarks: remarks.length === 0 ? undefined : remarks,
    failures: failures.length === 0 ? undefined : failures,
    duration_ms: Math.round(durationMs * 1000) / 1000,
    snapshot: decision.snapshotVersion,
  };
}

/** Such as `new-quota: deny (quota_spent)`. */
function resultOf({ name, result, denial }: Step): string {
  return denial === undefined ? `${name}: ${result}` : `${name}: ${result} (${denial.reason})`;
}
