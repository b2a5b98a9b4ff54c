import type { Identity } from '../contract/identity.ts';
import type { Denial } from '../denial/denial.ts';
import type { DirectAnswer, Extras } from '../policy/extras.ts';
import type { WindowState } from '../quota/store.ts';
import type { HeaderEntry } from '../request/header-entry.ts';

/** The result of one policy. */
export interface Step {
  /** The binding's name, or `<api>/<name>` for an API's own policy, whose kind names it where it has no name. */
  readonly name: string;
  /** The kind, such as `jwt-validation`. */
  readonly policy: string;
  readonly mode: 'enforce' | 'shadow';
  readonly result: 'allow' | 'deny' | 'answer' | 'not_applicable' | 'not_reached' | 'failed';
  readonly denial?: Denial | undefined;
  /** What is amiss though the policy let the request pass: {@link Grant.remark}. */
  readonly remark?: string | undefined;
  /** Whom this policy established. */
  readonly identity?: Identity | undefined;
  /** Quota policies: the windows after the decision. */
  readonly windows?: readonly WindowState[] | undefined;
  /** Units it charged, or would charge. */
  readonly cost?: number | undefined;
  readonly durationMs: number;
}

/** The whole result of a Check: what Envoy gets, and what is logged and counted. */
export interface Decision {
  /** The API's name; empty if none matches. */
  readonly api: string;
  /** Undefined: the request is allowed, or answered. */
  readonly denial: Denial | undefined;
  /** Set if a policy has answered the request, which is then neither denied nor passed on. */
  readonly answer?: DirectAnswer | undefined;
  /** The name of the policy that denied or answered; empty if none did. */
  readonly policy: string;
  readonly identity: Identity;
  /** Headers for the upstream that this request's own result sets. */
  readonly upstream: readonly HeaderEntry[];
  /**
   * Request headers that the upstream must not see: credentials as configured, and every identity header not set above.
   */
  readonly remove: readonly string[];
  /** Windows whose rate headers the caller gets on an allow; empty if no policy exposes them. */
  readonly exposed: readonly WindowState[];
  /** What policies add to the answer; undefined if none does. */
  readonly extras?: Required<Extras> | undefined;
  readonly steps: readonly Step[];
  readonly snapshotVersion: string;
}

/** What a decision has that was made before any policy was asked. */
export const NOTHING_DECIDED = {
  api: '',
  policy: '',
  identity: {},
  upstream: [],
  remove: [],
  exposed: [],
  steps: [],
  snapshotVersion: '',
} as const satisfies Omit<Decision, 'denial'>;

export type OutcomeKind = 'allow' | 'deny' | 'answer';

export function outcomeOf({ denial, answer }: Pick<Decision, 'denial' | 'answer'>): OutcomeKind {
  if (denial !== undefined) return 'deny';
  return answer === undefined ? 'allow' : 'answer';
}
