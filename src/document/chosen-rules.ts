import { upgrade } from '../policy/upgrade-note.ts';
import type { Faults } from './fault.ts';
import type { PlacedPolicy } from './ineffective-options.ts';
import { addIssues } from './load.ts';
import { chosenRules } from './unauthenticated.ts';
import type { Warnings } from './warnings.ts';

const NOTE = 'looks at a header that callers choose, and no longer decides alone whether anybody is authenticated';

/**
 * Reports rules of authenticating policies with which a caller can choose, by a header, that no policy authenticates
 * the request.
 * @param owned canonical names of headers that policies set
 */
export function refuseChosenRules(
  api: string,
  placed: readonly PlacedPolicy[],
  owned: ReadonlySet<string>,
  { faults, warnings }: { readonly faults: Faults; readonly warnings: Warnings },
): void {
  const chosen = chosenRules(
    placed.map(({ bound }) => bound),
    owned,
  );
  for (const { bound, rule, looksAt } of chosen) {
    const at = placed.find((each) => each.bound === bound);
    if (at === undefined) continue;
    const path = rule === undefined ? [...at.path, 'when'] : [...at.path, 'rules', rule];
    const message =
      `looks at ${looksAt.join(' and ')}, which callers choose: some requests could pass the API ${api} so that no policy authenticates them. ` +
      'Let callers choose between credentials by authentication: {anyOf: […]}, add a policy for the other requests, ' +
      'or name the header in trustedHeaders if a trusted proxy sets it';
    addIssues(faults, at.place, [{ path, at: 'value', message }]);
    warnings.upgrade(at.place, [upgrade('header-rules', path, NOTE)]);
  }
}
