import type { Clock } from '../clock.ts';
import type { ContractDirectory } from '../contract/contract.ts';
import type { Identity } from '../contract/identity.ts';
import type { Denial } from '../denial/denial.ts';
import { mayHold } from '../policy/condition.ts';
import type { ExpressionFailure } from '../policy/expression-failure.ts';
import type { Extras } from '../policy/extras.ts';
import type { Policy, Request } from '../policy/policy.ts';
import { Unavailable } from '../policy/unavailable.ts';
import type { RuledRequest } from '../policy/rules.ts';
import type { CounterStore, WindowState } from '../quota/store.ts';
import type { Check } from '../request/check.ts';
import { clientAddress } from '../request/client-address.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import type { NormalPath } from '../request/path.ts';
import type { IdentityHeaders } from '../snapshot/identity-headers.ts';
import type { Bound, Snapshot } from '../snapshot/snapshot.ts';
import type { Step } from './decision.ts';
import { merged, NOBODY } from './merged-identity.ts';
import type { Located, LocateOptions } from './locate.ts';
import type { Repetitions } from './repetitions.ts';

/** What a decision needs beside the snapshot and the Check. */
export interface DecisionPorts extends LocateOptions {
  /** `store.take`, or `store.peek` if nothing may be charged. */
  readonly take: CounterStore['take'];
  /** Recognises Checks that Envoy has sent again, so that they are charged once; absent if nothing is charged. */
  readonly repetitions?: Repetitions;
  readonly clock: Clock;
  /** True if an operator asks what would be decided. */
  readonly isRehearsal?: boolean;
  /** For how long no control plane was heard, in milliseconds; absent: documents come from elsewhere. */
  readonly silentMs?: (() => number) | undefined;
  /** Called with every unexpected failure inside a policy or the store, before its failure mode decides. */
  failed(policy: string, error: unknown): void;
  /** Called with every step as it ends, if the decision is traced; `startedAt` in monotonic milliseconds. */
  noted?(step: Step, startedAt: number): void;
  /** Called with every expression that had no value for a request. */
  expressionFailed?(policy: string, failure: ExpressionFailure): void;
}

/** Nobody waits for the decision any more: the work ends without one, and charges nothing more. */
export class Abandoned extends Error {
  override name = 'Abandoned';
}

/** The working memory of one decision. Policies never see it: they read a Request and return what they find. */
export interface Deliberation {
  readonly ports: DecisionPorts;
  readonly snapshot: Snapshot;
  readonly check: Check;
  readonly located: Located;
  readonly deadline: number;
  readonly caller: Request['caller'];
  /** What enforced policies have established. */
  identity: Identity;
  /** What the platform's enforced policies have established, headers included; unset until one has. */
  platformIdentity: Identity | undefined;
  platformUpstream: readonly HeaderEntry[] | undefined;
  /** The same, overlaid with the findings of shadow policies once there are any: only shadow policies see it. */
  shadowIdentity: Identity | undefined;
  /** A shadow policy would have denied: shadow quota is not counted. */
  shadowDenied: boolean;
  /** The moment until which all shadow policies together may delay the answer; unset until one waits. */
  shadowUntil: number | undefined;
  /** Each change makes a new array; it is the policy's own array if no other policy has set anything. */
  upstream: readonly HeaderEntry[];
  /** What shadow policies would have set. Only shadow policies see it, before what enforced policies have set. */
  shadowUpstream: readonly HeaderEntry[] | undefined;
  readonly remove: string[];
  /** Set once a policy adds something. */
  extras: Required<Extras> | undefined;
  readonly exposed: WindowState[];
  readonly steps: Step[];
  /** Monotonic milliseconds of the last note: the next step begins there. */
  notedAt: number;
}

/** The fields of a step beside its result. */
export type Found = Pick<Step, 'denial' | 'identity' | 'remark' | 'windows' | 'cost'>;

const NOTHING_FOUND: Found = {};
const NO_UPSTREAM: readonly HeaderEntry[] = [];

export function applies(deliberation: Deliberation, bound: Bound<Policy>): boolean {
  const { rules, when } = bound;
  if (rules !== undefined && !rules.match(ruled(deliberation, bound))) return false;
  return when === undefined || mayHold(when, requestFor(deliberation, bound));
}

/** Those of the API's namespace; if no API matches, of all namespaces. */
export function identityHeadersOf({ located, snapshot }: Pick<Deliberation, 'located' | 'snapshot'>): IdentityHeaders {
  return (located.api ?? snapshot).identityHeaders;
}

function ruled(deliberation: Deliberation, bound: Bound<Policy>): RuledRequest {
  const { check, located } = deliberation;
  return {
    check,
    ownedHeaders: identityHeadersOf(deliberation).names,
    upstream: upstreamSeenBy(deliberation, bound),
    path: located.pathBelowBase,
    otherPaths: located.otherPathsBelowBase,
  };
}

function upstreamSeenBy(deliberation: Deliberation, { mode, isPlatform }: Bound<Policy>): readonly HeaderEntry[] {
  const { platformUpstream = NO_UPSTREAM, shadowUpstream } = deliberation;
  const upstream = isPlatform === true ? platformUpstream : deliberation.upstream;
  return mode === 'shadow' && shadowUpstream !== undefined ? [...shadowUpstream, ...upstream] : upstream;
}

/** Policies of the platform go by what these have established, whatever others add. */
function identitySeenBy(deliberation: Deliberation, { mode, isPlatform }: Bound<Policy>): Identity {
  const { identity, shadowIdentity, platformIdentity } = deliberation;
  const seen = (mode === 'shadow' ? shadowIdentity : undefined) ?? identity;
  return isPlatform === true && platformIdentity !== undefined ? merged(seen, platformIdentity) : seen;
}

export function requestFor(deliberation: Deliberation, bound: Bound<Policy>): Request {
  return new PolicyRequest(deliberation, bound);
}

const NO_LABELS: Readonly<Record<string, string>> = {};

/** What one policy sees. The findings are those of the moment when the policy was asked; nothing else changes. */
class PolicyRequest implements Request {
  readonly #deliberation: Deliberation;
  readonly #policy: string;
  readonly upstream: readonly HeaderEntry[];
  readonly identity: Identity;

  constructor(deliberation: Deliberation, bound: Bound<Policy>) {
    this.#deliberation = deliberation;
    this.#policy = bound.name;
    this.upstream = upstreamSeenBy(deliberation, bound);
    this.identity = identitySeenBy(deliberation, bound);
  }

  get check(): Check {
    return this.#deliberation.check;
  }

  get api(): string {
    return this.#deliberation.located.api?.name ?? '';
  }

  get apiLabels(): Readonly<Record<string, string>> {
    return this.#deliberation.located.api?.labels ?? NO_LABELS;
  }

  get basePath(): string {
    return this.#deliberation.located.api?.basePath ?? '/';
  }

  get path(): NormalPath {
    return this.#deliberation.located.path;
  }

  get clientAddress(): string {
    return clientAddress(this.#deliberation.check, this.#deliberation.ports);
  }

  get ownedHeaders(): ReadonlySet<string> {
    return identityHeadersOf(this.#deliberation).names;
  }

  get trustedHops(): number {
    return this.#deliberation.ports.trustedHops;
  }

  get directory(): ContractDirectory {
    return this.#deliberation.snapshot.directory;
  }

  get severalIssuers(): boolean {
    return this.#deliberation.located.api?.severalIssuers === true;
  }

  get deadline(): number {
    return this.#deliberation.deadline;
  }

  get now(): number {
    return this.#deliberation.ports.clock.now();
  }

  get isRehearsal(): boolean {
    return this.#deliberation.ports.isRehearsal === true;
  }

  get caller(): Request['caller'] {
    return this.#deliberation.caller;
  }

  expressionFailed(failure: ExpressionFailure): void {
    this.#deliberation.ports.expressionFailed?.(this.#policy, failure);
  }
}

/** Adds what a policy has established; only shadow policies see the findings of a shadow policy. */
export function adoptIdentity(deliberation: Deliberation, bound: Bound<Policy>, found: Identity | undefined): void {
  if (found === undefined) return;
  const { identity, shadowIdentity } = deliberation;
  if (bound.mode === 'shadow') deliberation.shadowIdentity = merged(shadowIdentity ?? identity, found);
  else {
    deliberation.identity = merged(identity, found);
    if (bound.isPlatform === true) {
      deliberation.platformIdentity = merged(deliberation.platformIdentity ?? NOBODY, found);
    }
    if (shadowIdentity !== undefined) deliberation.shadowIdentity = merged(shadowIdentity, found);
  }
}

export function note(
  deliberation: Deliberation,
  { name, kind, mode }: Bound<Policy>,
  result: Step['result'],
  startedAt: number,
  { denial, identity, remark, windows, cost }: Found = NOTHING_FOUND,
): void {
  const now = deliberation.ports.clock.monotonic();
  deliberation.notedAt = now;
  const durationMs = now - startedAt;
  const step = { name, policy: kind, mode, result, denial, remark, identity, windows, cost, durationMs };
  deliberation.steps.push(step);
  deliberation.ports.noted?.(step, startedAt);
}

/** The one place where an unexpected failure becomes an answer. Undefined: the request continues. */
export function fail(
  deliberation: Deliberation,
  bound: Bound<Policy>,
  error: unknown,
  startedAt: number,
): Denial | undefined {
  deliberation.ports.failed(bound.name, error);
  const denial: Denial =
    error instanceof Unavailable
      ? error.denial
      : { reason: 'policy_failed', detail: `policy ${bound.name} (${bound.kind}) failed unexpectedly` };
  note(deliberation, bound, 'failed', startedAt, { denial });
  return bound.mode === 'enforce' && bound.onFailure === 'deny' ? denial : undefined;
}
