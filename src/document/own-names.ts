import type { Issue } from './issues.ts';
import type { PolicyFields } from './schema.ts';

/** Names a group of policies, which has no kind. */
export const GROUP_KIND = 'authentication';

/**
 * The names of an API's own policies: `orders/burst` where one has a name, else its kind's, `orders/rate-limiting`,
 * and `orders/rate-limiting-2` for the second without a name. By kind, not by place: what is counted and watched
 * under a name goes on when a policy of another kind, or one with a name, is put before it.
 */
export function ownNames(
  api: string,
  policies: readonly PolicyFields[],
): { readonly names: readonly string[]; readonly issues: readonly Issue[] } {
  const ofKind = new Map<string, number>();
  const names = policies.map(({ name, policyRef }) => {
    if (name !== undefined) return name;
    const kind = policyRef === undefined ? GROUP_KIND : policyRef.name.replace(/-flex$/, '');
    const count = (ofKind.get(kind) ?? 0) + 1;
    ofKind.set(kind, count);
    return `${kind}${count === 1 ? '' : `-${count}`}`;
  });
  const issues = policies.flatMap(({ name }, index): Issue[] => {
    const other = names.findIndex((taken, at) => taken === name && at !== index);
    // If two have the same name, the later one is reported. A name that is also the name of a kind is always
    // reported.
    if (name === undefined || other < 0 || (other > index && policies[other]?.name !== undefined)) return [];
    const message = `the policy ${other + 1} of this API has this name already: choose another, since counters go by it`;
    return [{ path: ['spec', 'policies', index, 'name'], at: 'value', message }];
  });
  return { names: names.map((name) => `${api}/${name}`), issues };
}
