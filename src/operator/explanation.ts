import { create } from '@bufbuild/protobuf';
import type { CheckResponse } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import {
  ClientSchema,
  CounterSchema,
  ExplainResponseSchema,
  Outcome,
  PolicyStepSchema,
  PolicyStep_Mode as Mode,
  PolicyStep_Result as Result,
} from '../../gen/ostiary/v1/inspection_pb.js';
import type { Client, Counter, ExplainResponse, PolicyStep } from '../../gen/ostiary/v1/inspection_pb.js';
import type { Identity } from '../contract/identity.ts';
import { outcomeOf } from '../decision/decision.ts';
import type { Decision, Step, OutcomeKind } from '../decision/decision.ts';
import type { Denial } from '../denial/denial.ts';
import type { WindowState } from '../quota/store.ts';

/** What the caller of Explain may learn. */
export interface Telling {
  /** False: an unknown client id and a wrong secret get the same detail, as for callers of an API. */
  readonly tellsWhichCredential: boolean;
}

const OUTCOMES: Readonly<Record<OutcomeKind, Outcome>> = {
  allow: Outcome.ALLOW,
  deny: Outcome.DENY,
  answer: Outcome.ANSWER,
};

/** Explains a decision that charged nothing, for an operator. */
export function explanationOf(decision: Decision, answer: CheckResponse, telling: Telling): ExplainResponse {
  const { denial } = decision;
  const denied = answer.httpResponse.case === 'deniedResponse' ? answer.httpResponse.value.status?.code : undefined;
  return create(ExplainResponseSchema, {
    verdict: {
      outcome: OUTCOMES[outcomeOf(decision)],
      httpStatus: denied ?? 0,
      reason: denial?.reason ?? '',
      detail: detailOf(denial, telling),
      policy: decision.policy,
    },
    answer,
    api: decision.api,
    steps: decision.steps.map((step) => toPolicyStep(step, telling)),
    snapshotVersion: decision.snapshotVersion,
  });
}

const EITHER_CREDENTIAL =
  'the client id or its secret, the API key, or the user or the password, is wrong; which of them, the decision log tells, and this API over a Unix socket or with --api-token-file';

/** @param used units by which `remaining` would be higher had the decision not been made: 0 if nothing was granted */
export function toCounter({ limit, remaining, resetMs }: WindowState, used: number): Counter {
  const before = remaining + used;
  // A store returns a window that is not open as an unused one of full length.
  const isOpen = before < limit.maximumRequests || resetMs < limit.timePeriodInMilliseconds;
  return create(CounterSchema, {
    name: limit.name ?? '',
    limit: BigInt(limit.maximumRequests),
    windowMs: BigInt(limit.timePeriodInMilliseconds),
    remainingBefore: BigInt(before),
    remainingAfter: BigInt(remaining),
    resetMs: isOpen ? BigInt(Math.ceil(resetMs)) : 0n,
  });
}

/** Reasons whose difference is hidden from whoever may be guessing credentials. */
const GUESSES: ReadonlySet<string> = new Set(['client_unknown', 'secret_wrong', 'user_unknown', 'password_wrong']);

function detailOf(denial: Denial | undefined, { tellsWhichCredential }: Telling): string {
  if (denial === undefined || !('cause' in denial) || tellsWhichCredential) return denial?.detail ?? '';
  return GUESSES.has(denial.cause) ? EITHER_CREDENTIAL : denial.detail;
}

export const MODES: Readonly<Record<Step['mode'], Mode>> = { enforce: Mode.ENFORCE, shadow: Mode.SHADOW };

export const RESULTS: Readonly<Record<Step['result'], Result>> = {
  allow: Result.ALLOW,
  deny: Result.DENY,
  not_applicable: Result.NOT_APPLICABLE,
  not_reached: Result.NOT_REACHED,
  failed: Result.FAILED,
  answer: Result.ANSWER,
};

function toPolicyStep(step: Step, telling: Telling): PolicyStep {
  // All windows of all quota policies are charged, or none: only an allow gets its units.
  const used = step.result === 'allow' ? (step.cost ?? 0) : 0;
  const client = step.identity === undefined ? undefined : toClient(step.identity);
  return create(PolicyStepSchema, {
    name: step.name,
    policy: step.policy,
    result: RESULTS[step.result],
    reason: step.denial?.reason ?? '',
    detail: step.remark ?? detailOf(step.denial, telling),
    mode: MODES[step.mode],
    ...(client === undefined ? {} : { client }),
    counters: (step.windows ?? []).map((window) => toCounter(window, used)),
  });
}

/** Undefined if nothing is known of the client: a token without a client's id, say. */
function toClient({ client, contract }: Identity): Client | undefined {
  const application = client ?? contract?.client;
  if (application === undefined) return undefined;
  return create(ClientSchema, {
    id: application.clientId,
    name: application.name,
    contract: contract?.name ?? '',
    tier: contract?.tier?.name ?? '',
  });
}
