import type { Denial } from '../denial/denial.ts';
import type { AccessPolicy, Answered, Request } from '../policy/policy.ts';
import { settle } from '../settle.ts';
import type { Alternative, Bound } from '../snapshot/snapshot.ts';
import { challenging } from './challenging.ts';
import { note, requestFor } from './deliberation.ts';
import type { Deliberation } from './deliberation.ts';

/** What ends a request before it is charged, and the name of the policy that does. */
export interface End {
  readonly with: Denial | Answered;
  readonly by: string;
}

type Asked = End | undefined | Promise<End | undefined>;
type Ask = (deliberation: Deliberation, bound: Bound<AccessPolicy>) => Asked;

/** Asks the alternative of a group whose credentials the request has. Denies if it has the credentials of none. */
export function askAlternatives(
  deliberation: Deliberation,
  group: Bound<AccessPolicy>,
  alternatives: readonly Alternative[],
  ask: Ask,
): Asked {
  const startedAt = deliberation.notedAt;
  const chosen = chosenOf(alternatives, requestFor(deliberation, group));
  if (chosen === undefined) {
    const denial = nothingGiven(alternatives);
    note(deliberation, group, 'deny', startedAt, { denial });
    if (group.mode === 'enforce') return { with: challenging(denial, group.policy, deliberation), by: group.name };
    deliberation.shadowDenied = true;
    return undefined;
  }
  for (const alternative of alternatives) {
    if (alternative === chosen) continue;
    for (const bound of alternative.policies) note(deliberation, bound, 'not_applicable', startedAt);
  }
  return askAll(deliberation, { group, chosen, ask }, 0);
}

interface ChosenAlternative {
  readonly group: Bound<AccessPolicy>;
  readonly chosen: Alternative;
  readonly ask: Ask;
}

/** Asks the policies of an alternative from `index` on. All of them must let the request pass. */
function askAll(deliberation: Deliberation, asked: ChosenAlternative, index: number): Asked {
  const { group, chosen, ask } = asked;
  const bound = chosen.policies[index];
  if (bound === undefined) {
    if (group.mode === 'enforce') hideOthers(deliberation, asked);
    return undefined;
  }
  return settle(ask(deliberation, bound), (end) => {
    if (end === undefined) return askAll(deliberation, asked, index + 1);
    if (end.with.reason === undefined) return end;
    return { ...end, with: { ...end.with, challenging: { ...end.with.challenging, others: chosen.otherChallenges } } };
  });
}

/** Removes credentials that nobody has verified: an upstream that reads them would believe the caller. */
function hideOthers(deliberation: Deliberation, { group, chosen }: ChosenAlternative): void {
  deliberation.remove.push(...chosen.hidden);
  for (const { by, headers } of chosen.contested) {
    if (by.isPresent(requestFor(deliberation, group))) deliberation.remove.push(...headers);
  }
}

/**
 * Chooses the alternative that decides: the first whose credentials are all present. If later ones share its
 * credential, as two issuers of tokens do, and it is not meant, the first one that is meant decides; if none is, it
 * decides and refuses. A credential that is present and wrong is refused: no other credential is tried.
 */
export function chosenOf(alternatives: readonly Alternative[], request: Request): Alternative | undefined {
  let unmeant: Alternative | undefined;
  for (const alternative of alternatives) {
    if (unmeant !== undefined && !isShared(unmeant, alternative)) continue;
    if (!alternative.policies.every(({ policy }) => policy.authenticates?.isPresent(request) === true)) continue;
    const isUndisputed = unmeant === undefined && !alternative.sharesCredential;
    if (isUndisputed || alternative.policies.every(({ policy }) => isMeant(policy, request))) return alternative;
    unmeant ??= alternative;
  }
  return unmeant;
}

function nothingGiven(alternatives: readonly Alternative[]): Denial {
  const challenges = [...new Set(alternatives.flatMap(({ challenges: own }) => own))];
  return { reason: 'credential_missing', challenges, detail: 'the request has the credentials of no alternative' };
}

function isMeant({ authenticates }: AccessPolicy, request: Request): boolean {
  return authenticates?.isMeant === undefined || authenticates.isMeant(request);
}

function isShared(one: Alternative, other: Alternative): boolean {
  return other.credentials.some((credential) => one.credentials.includes(credential));
}
