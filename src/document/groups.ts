import type { AccessPolicy, Authenticating, Policy } from '../policy/policy.ts';
import type { Alternative, Bound } from '../snapshot/snapshot.ts';
import { compilePolicy } from './bindings.ts';
import { compileRuleList, trustedOf } from './rule-list.ts';
import type { CompiledPolicy, PolicyContext, PolicySite } from './bindings.ts';
import { below } from './issues.ts';
import type { Issue } from './issues.ts';
import { likelyRuleMistakes } from './likely-mistakes.ts';
import { GROUP_KIND } from './own-names.ts';
import type { GroupFields, PolicyFields } from './schema.ts';
import { compileWhen } from './when.ts';

type MemberFields = Extract<GroupFields['anyOf'][number], { policyRef: unknown }>;

/** Makes a policy, or a group of policies, of its fields in a document. */
export function compileFields(
  name: string,
  fields: PolicyFields,
  context: PolicyContext,
  site: PolicySite,
): CompiledPolicy | Promise<CompiledPolicy> {
  const { policyRef, authentication, ...rest } = fields;
  if (authentication !== undefined) return compileGroup(name, fields, authentication, { context, site });
  // The schema has refused fields that are neither.
  return compilePolicy(name, { ...rest, policyRef: policyRef ?? { name: '' } }, context, site);
}

interface Surroundings {
  readonly context: PolicyContext;
  readonly site: PolicySite;
}

interface Compiled {
  readonly path: readonly PropertyKey[];
  readonly alternative: number;
  readonly policy: CompiledPolicy;
}

async function compileGroup(
  name: string,
  fields: PolicyFields,
  { anyOf }: GroupFields,
  { context, site }: Surroundings,
): Promise<CompiledPolicy> {
  const { when, issues: whenIssues } = compileWhen(fields.when);
  const { rules, issues: ruleIssues } = compileRuleList(fields, when);
  const { order, mode, onFailure } = fields;
  const nameOf = memberNames(name);
  const compiled: Compiled[] = [];
  const nameIssues: Issue[] = [];
  for (const [path, alternative, member] of membersOf(anyOf)) {
    const named = nameOf(member);
    if (named.isTaken) {
      const message = 'another policy of this group has this name already: choose another, since metrics go by it';
      nameIssues.push({ path: [...path, 'name'], at: 'value', message });
    }
    const own = { ...member, order, mode, onFailure, rules: undefined, when: undefined, trustedHeaders: undefined };
    compiled.push({ path, alternative, policy: await compilePolicy(named.name, own, context, site) });
  }
  const issues = [
    ...ruleIssues,
    ...whenIssues,
    ...nameIssues,
    ...compiled.flatMap(({ path, policy }) => below(path, policy.issues)),
    ...compiled.flatMap(({ path, policy }) => refusedAsMember(path, policy)),
    ...neverAsked(compiled),
  ];
  const found = {
    content: { ...fields, authentication: { anyOf: compiled.map(({ path, policy }) => [path, policy.content]) } },
    secrets: Object.fromEntries(
      compiled.flatMap(({ path, policy }) =>
        Object.entries(policy.secrets).map(([field, secret]) => [[...path, field].join('/'), secret]),
      ),
    ),
    issues,
    // 0.1 had no groups, so that nobody upgrades one; what it can't reach, its author must know all the same.
    notes: compiled.flatMap(({ path, policy }) =>
      below(
        path,
        policy.notes.filter(({ id }) => id === 'egress-loopback'),
      ),
    ),
    warnings: [
      ...likelyRuleMistakes(fields.rules ?? []),
      ...compiled.flatMap(({ path, policy }) => below(path, policy.warnings)),
    ],
  };
  if (issues.length > 0) {
    for (const { policy } of compiled) policy.bound?.policy.close?.();
    return { ...found, bound: undefined };
  }
  const members = compiled.flatMap(({ path, policy: { bound } }) => (bound === undefined ? [] : [{ path, bound }]));
  const lists = anyOf.map((_, index) =>
    compiled.flatMap(({ alternative, policy: { bound } }) =>
      alternative === index && bound !== undefined && isAccess(bound) ? [bound] : [],
    ),
  );
  const policy = groupPolicy(lists.flat().map((bound) => bound.policy));
  const alternatives = alternativesOf(lists);
  return {
    ...found,
    members,
    bound: {
      name,
      kind: GROUP_KIND,
      order,
      mode,
      onFailure,
      rules,
      when,
      trustedHeaders: trustedOf(fields),
      policy,
      isPlatform: site.isPlatform,
      alternatives,
    },
  };
}

function* membersOf(
  anyOf: GroupFields['anyOf'],
): Iterable<readonly [path: readonly PropertyKey[], alternative: number, member: MemberFields]> {
  for (const [index, alternative] of anyOf.entries()) {
    const path = ['authentication', 'anyOf', index];
    if (!('allOf' in alternative)) yield [path, index, alternative];
    else for (const [at, member] of alternative.allOf.entries()) yield [[...path, 'allOf', at], index, member];
  }
}

/** Each is below the group's own name: `orders/authentication/jwt-validation`, the second of a kind with -2. */
function memberNames(group: string): (member: MemberFields) => { readonly name: string; readonly isTaken: boolean } {
  const taken = new Set<string>();
  return ({ name, policyRef }) => {
    const kind = policyRef.name.replace(/-flex$/, '');
    let chosen = name ?? kind;
    if (name === undefined) for (let count = 2; taken.has(chosen); count++) chosen = `${kind}-${count}`;
    const isTaken = taken.has(chosen);
    taken.add(chosen);
    return { name: `${group}/${chosen}`, isTaken };
  };
}

function refusedAsMember(path: readonly PropertyKey[], { bound }: CompiledPolicy): readonly Issue[] {
  if (bound === undefined) return [];
  const refuse = (message: string): readonly Issue[] => [
    { path: [...path, 'policyRef', 'name'], at: 'value', message },
  ];
  if (bound.policy.authenticates === undefined)
    return refuse('does not authenticate: put it beside the group, as a policy of its own');
  return isAccess(bound) ? [] : refuse('counts, and runs after all others: put it beside the group');
}

/** Of two that look at one credential, the later is reached only where the earlier says that another is meant. */
function neverAsked(compiled: readonly Compiled[]): readonly Issue[] {
  const alone = compiled.filter(({ path }) => path.length === 3);
  return alone.flatMap(({ path, policy }, index): readonly Issue[] => {
    const own = policy.bound?.policy.authenticates;
    const rival = alone.slice(0, index).find((earlier) => {
      const before = earlier.policy.bound?.policy.authenticates;
      return before !== undefined && before.credential === own?.credential && before.isMeant === undefined;
    });
    if (rival === undefined) return [];
    const message = `is never asked: ${rival.policy.bound?.name} looks at the same credential (${own?.credential}) before it`;
    return [{ path: [...path, 'policyRef', 'name'], at: 'value', message }];
  });
}

function alternativesOf(lists: readonly (readonly Bound<AccessPolicy>[])[]): readonly Alternative[] {
  const parts = lists.map((policies) => {
    const all = policies.flatMap(({ policy }) => policy.authenticates ?? []);
    return {
      policies,
      all,
      credentials: all.map(({ credential }) => credential),
      challenges: all.map(challengeOf).filter((challenge) => challenge !== ''),
    };
  });
  return parts.map(({ policies, all, credentials, challenges }, index) => {
    const others = parts.filter((_, at) => at !== index);
    // What lies there has not been verified: an upstream that reads it would take a caller at his word.
    const own = new Set(all.flatMap(({ headers }) => headers));
    const hidden = others.flatMap((other) => other.all.flatMap((each) => each.headers));
    return {
      policies,
      credentials,
      challenges,
      otherChallenges: [...new Set(others.flatMap((other) => other.challenges))].filter(
        (challenge) => !challenges.includes(challenge),
      ),
      hidden: [...new Set(hidden)].filter((header) => !own.has(header)),
      contested: others
        .flatMap((other) => other.all)
        .map((by) => ({ by, headers: by.headers.filter((header) => own.has(header)) }))
        .filter(({ by, headers }) => headers.length > 0 && !credentials.includes(by.credential)),
      sharesCredential: parts
        .slice(index + 1)
        .some((later) => later.credentials.some((one) => credentials.includes(one))),
    };
  });
}

/** RFC 6750, 3: who asks for a token says which scopes it needs. */
function challengeOf({ challenge, bearer }: Authenticating): string {
  if (bearer === undefined || bearer.scopes.length === 0) return challenge;
  return `${challenge}${challenge.includes(' ') ? ',' : ''} scope="${bearer.scopes.join(' ')}"`;
}

/** What a group is to those who ask no more of it than its traits: all that its policies are together. */
function groupPolicy(members: readonly AccessPolicy[]): AccessPolicy {
  const union = <Value>(of: (policy: AccessPolicy) => readonly Value[] | undefined): readonly Value[] => {
    return [...new Set(members.flatMap((policy) => of(policy) ?? []))];
  };
  return {
    phase: 'access',
    identityHeaders: union((policy) => policy.identityHeaders),
    clientHeaders: union((policy) => policy.clientHeaders),
    provides: union((policy) => policy.provides),
    authenticates: {
      credential: union(({ authenticates }) => authenticates && [authenticates.credential]).join(' or '),
      isPresent: (request) => members.some(({ authenticates }) => authenticates?.isPresent(request) === true),
      challenge: union(({ authenticates }) => authenticates && [challengeOf(authenticates)]).join(', '),
      headers: union(({ authenticates }) => authenticates?.headers),
    },
    decide: () => ({ reason: 'policy_failed', detail: 'a group decides by its alternatives' }),
    close() {
      for (const member of members) member.close?.();
    },
  };
}

function isAccess(bound: Bound<Policy>): bound is Bound<AccessPolicy> {
  return bound.policy.phase === 'access';
}
