import type { Denial } from '../denial/denial.ts';
import { FewByText } from '../policy/few-by-text.ts';
import type { AccessPolicy, Answered, Outcome, Request } from '../policy/policy.ts';
import type { Check } from '../request/check.ts';
import { settle } from '../settle.ts';
import type { Bound, Snapshot } from '../snapshot/snapshot.ts';
import { NO_HEADERS, adoptExtras, adoptHeaders } from './adopted-headers.ts';
import { challenging } from './challenging.ts';
import { askAlternatives } from './alternatives.ts';
import type { End } from './alternatives.ts';
import { chargeEnforced, chargeShadows } from './charging.ts';
import type { Charged } from './charging.ts';
import type { Decision } from './decision.ts';
import { Abandoned, adoptIdentity, applies, fail, identityHeadersOf, note, requestFor } from './deliberation.ts';
import type { DecisionPorts, Deliberation } from './deliberation.ts';
import { locate } from './locate.ts';
import { NOBODY } from './merged-identity.ts';
import { metadataDecision } from './resource-metadata.ts';
import { withinShadowTime } from './shadow-time.ts';
import { unserved } from './unserved.ts';

/**
 * Decides one Check with one snapshot: finds the API, asks its access policies in order, then charges its quota
 * policies together. The first denial ends the decision. Synchronous as long as every policy is.
 * @param deadline monotonic milliseconds after which nobody listens
 * @param caller who waits for the answer, and may leave before it
 * @param startedAt monotonic milliseconds
 * @throws {Abandoned} (rejects with it) where the caller has left while a policy was waited for
 */
export function decide(
  snapshot: Snapshot,
  check: Check,
  ports: DecisionPorts,
  deadline: number,
  caller?: Request['caller'],
  startedAt = ports.clock.monotonic(),
): Decision | Promise<Decision> {
  const metadata = metadataDecision(snapshot, check, ports);
  if (metadata !== undefined) return metadata;
  const located = locate(snapshot, check, ports);
  if (located.reason !== undefined) return denyUnlocated(snapshot, check, located);
  const shut = located.api === undefined ? undefined : unserved(located.api, ports);
  if (shut !== undefined) return denyUnlocated(snapshot, check, shut, located.api?.name);
  const deliberation: Deliberation = {
    ports,
    snapshot,
    check,
    located,
    deadline,
    caller,
    identity: NOBODY,
    platformIdentity: undefined,
    platformUpstream: undefined,
    shadowIdentity: undefined,
    shadowDenied: false,
    shadowUntil: undefined,
    upstream: NO_HEADERS,
    shadowUpstream: undefined,
    remove: [],
    extras: undefined,
    exposed: [],
    steps: [],
    notedAt: startedAt,
  };
  return admit(deliberation, 0);
}

/** Asks the access policies from `index` on, then charges. */
function admit(deliberation: Deliberation, index: number): Decision | Promise<Decision> {
  const access = deliberation.located.api?.access ?? [];
  for (let i = index; i < access.length; i++) {
    const bound = access[i] as Bound<AccessPolicy>;
    const asked = ask(deliberation, bound);
    if (asked instanceof Promise) {
      return asked.then((end) => {
        if (end !== undefined) return conclude(deliberation, end.with, end.by);
        if (isAbandoned(deliberation)) throw new Abandoned();
        return admit(deliberation, i + 1);
      });
    }
    if (asked !== undefined) return conclude(deliberation, asked.with, asked.by);
  }
  return settle(chargeEnforced(deliberation), (charged) => countShadows(deliberation, charged));
}

function isAbandoned({ caller, deadline, ports }: Deliberation): boolean {
  return caller !== undefined && (caller.signal.aborted || ports.clock.monotonic() >= deadline);
}

function countShadows(deliberation: Deliberation, { denial, policy }: Charged): Decision | Promise<Decision> {
  if (denial !== undefined) return conclude(deliberation, denial, policy);
  const counting = chargeShadows(deliberation);
  return counting === undefined ? conclude(deliberation) : counting.then(() => conclude(deliberation));
}

/** Asks one access policy. Undefined: the request continues. */
function ask(deliberation: Deliberation, bound: Bound<AccessPolicy>): End | undefined | Promise<End | undefined> {
  const startedAt = deliberation.notedAt;
  try {
    if (!applies(deliberation, bound)) {
      note(deliberation, bound, 'not_applicable', startedAt);
      return undefined;
    }
    if (bound.alternatives !== undefined) return askAlternatives(deliberation, bound, bound.alternatives, ask);
    const outcome = bound.policy.decide(requestFor(deliberation, bound));
    return settle(
      bound.mode === 'shadow' ? withinShadowTime(deliberation, outcome) : outcome,
      (found) => endedBy(bound, adopt(deliberation, bound, found, startedAt)),
      (error) => endedBy(bound, fail(deliberation, bound, error, startedAt)),
    );
  } catch (error) {
    return endedBy(bound, fail(deliberation, bound, error, startedAt));
  }
}

function endedBy({ name }: Bound<AccessPolicy>, end: Denial | Answered | undefined): End | undefined {
  return end === undefined ? undefined : { with: end, by: name };
}

/** Takes over a policy's findings. */
function adopt(
  deliberation: Deliberation,
  bound: Bound<AccessPolicy>,
  outcome: Outcome,
  startedAt: number,
): Denial | Answered | undefined {
  if (outcome.reason !== undefined) {
    note(deliberation, bound, 'deny', startedAt, { denial: outcome });
    if (outcome.metadata !== undefined) adoptExtras(deliberation, bound, { metadata: outcome.metadata });
    if (bound.mode === 'enforce') return challenging(outcome, bound.policy, deliberation);
    deliberation.shadowDenied = true;
    return undefined;
  }
  adoptExtras(deliberation, bound, outcome);
  if (outcome.answer !== undefined) {
    note(deliberation, bound, 'answer', startedAt);
    return bound.mode === 'enforce' ? outcome : undefined;
  }
  const { identity, remark, windows } = outcome;
  note(deliberation, bound, 'allow', startedAt, { identity, remark, windows });
  if (windows !== undefined && bound.mode === 'enforce') deliberation.exposed.push(...windows);
  adoptIdentity(deliberation, bound, outcome.identity);
  adoptHeaders(deliberation, bound, outcome);
  return undefined;
}

function conclude(deliberation: Deliberation, end?: Denial | Answered, policy = ''): Decision {
  const { snapshot, located, identity, upstream, extras, exposed, steps } = deliberation;
  if (end !== undefined) noteUnreached(deliberation);
  const denial = end?.reason === undefined ? undefined : end;
  const answer = end?.reason === undefined ? end?.answer : undefined;
  return {
    api: located.api?.name ?? '',
    denial,
    answer,
    policy,
    identity,
    upstream,
    remove: removals(deliberation),
    extras,
    exposed,
    steps,
    snapshotVersion: snapshot.version,
  };
}

/** Some policies remove headers whose names callers choose, so only a few combinations are kept. */
const MOST_SHAPES = 256;

/** The same array for the same removals, so that its encoding can be kept. */
const joined = new WeakMap<readonly string[], FewByText<readonly string[]>>();

/** Envoy removes headers after it sets them, so a header in both lists would be lost. */
function removals(deliberation: Deliberation): readonly string[] {
  const { check, upstream, remove } = deliberation;
  const owned = identityHeadersOf(deliberation).removalsFor(check, upstream);
  if (remove.length === 0) return owned;
  let known = joined.get(owned);
  if (known === undefined) joined.set(owned, (known = new FewByText(MOST_SHAPES)));
  const shape = remove.length === 1 ? (remove[0] as string) : remove.join(' ');
  return known.of(shape, () => {
    const chosen = remove.filter((name) => !owned.includes(name) && !upstream.some(([set]) => set === name));
    return chosen.length === 0 ? owned : [...owned, ...chosen];
  });
}

function noteUnreached(deliberation: Deliberation): void {
  const noted = new Set(deliberation.steps.map(({ name }) => name));
  const api = deliberation.located.api;
  for (const bound of [...(api?.access ?? []), ...(api?.quota ?? [])]) {
    const parts = bound.alternatives?.flatMap(({ policies }) => policies) ?? [];
    // If a group was asked, the step names the alternative that decided.
    const rest = parts.some(({ name }) => noted.has(name)) ? parts : [bound];
    for (const each of rest) {
      if (!noted.has(each.name)) note(deliberation, each, 'not_reached', deliberation.ports.clock.monotonic());
    }
  }
}

function denyUnlocated(snapshot: Snapshot, check: Check, denial: Denial, api = ''): Decision {
  return {
    api,
    denial,
    policy: '',
    identity: {},
    upstream: [],
    remove: snapshot.identityHeaders.removalsFor(check, []),
    exposed: [],
    steps: [],
    snapshotVersion: snapshot.version,
  };
}
