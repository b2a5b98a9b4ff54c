import type { Policy } from '../policy/policy.ts';
import type { ConditionSource, RuleSource } from '../policy/rules.ts';
import type { Api, Bound } from '../snapshot/snapshot.ts';
import { authenticates, leavesOpen } from './unauthenticated.ts';

/** An API with requests that no policy authenticates, though its document does not say that they are public. */
export interface Opening {
  readonly api: string;
  /** Which ones, in words. */
  readonly requests: string;
}

/** In the order of the APIs; each is reported once. */
export function openingsOf(apis: readonly Api[]): readonly Opening[] {
  return apis.flatMap((api): readonly Opening[] => {
    const { name, access, quota, publicRequests = [], identityHeaders } = api;
    const policies = [...access, ...quota];
    if (!leavesOpen(policies, publicRequests, identityHeaders.names)) return [];
    return [{ api: name, requests: describe(policies, publicRequests) }];
  });
}

/** Whether a document says in vain that requests are public: a policy authenticates every one. */
export function isPublicInVain({ access, quota, publicRequests, identityHeaders }: Api): boolean {
  return publicRequests !== undefined && !leavesOpen([...access, ...quota], [], identityHeaders.names);
}

function describe(policies: readonly Bound<Policy>[], publicRequests: readonly ConditionSource[]): string {
  const asking = policies.filter(authenticates);
  const but = publicRequests.length === 0 ? '' : `, and public is ${publicRequests.map(conditionsOf).join('; ')}`;
  if (asking.length === 0) {
    const shadows = policies.filter(({ mode, policy }) => mode === 'shadow' && policy.authenticates !== undefined);
    const tried = shadows.length === 0 ? '' : ` (${shadows.map(({ name }) => name).join(', ')} in shadow mode)`;
    return `all: no policy authenticates${tried}${but}`;
  }
  const exempt = exemptionsOf(asking);
  if (exempt !== undefined) return `${exempt.map(conditionsOf).join('; ')}${but}`;
  return `all but those that a policy authenticates: ${asking.flatMap(rulesIn).join('; ')}${but}`;
}

/** What the one rule of the one policy leaves out; undefined if it is not as simple as that. */
function exemptionsOf([only, ...others]: readonly Bound<Policy>[]): readonly ConditionSource[] | undefined {
  const sources = others.length === 0 && only?.when === undefined ? only?.rules?.sources : undefined;
  const [rule] = sources?.length === 1 ? sources : [];
  return rule !== undefined && conditionsOf({ ...rule }) === '' ? rule.not : undefined;
}

function rulesIn({ rules, when }: Bound<Policy>): readonly string[] {
  const under = when === undefined ? '' : `when ${when.source}`;
  if (rules === undefined) return [under];
  return rules.sources.map((source) => [ruleOf(source), under].filter((part) => part !== '').join(', '));
}

function ruleOf({ not = [], ...source }: RuleSource): string {
  const exempt = not.length === 0 ? '' : `not (${not.map(conditionsOf).join('; ')})`;
  return [conditionsOf(source), exempt].filter((part) => part !== '').join(', ');
}

function conditionsOf({ path, methods, host, headers = {}, absentHeaders = [] }: ConditionSource): string {
  const parts = [
    ...Object.entries({ path, methods, host }).map(([what, value]) => (value === undefined ? '' : `${what} ${value}`)),
    ...Object.entries(headers).map(([name, value]) => `header ${name}: ${value}`),
    ...absentHeaders.map((name) => `no header ${name}`),
  ];
  return parts.filter((part) => part !== '').join(', ');
}
