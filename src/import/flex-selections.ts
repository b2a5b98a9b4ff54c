import { nameOf } from './flex-documents.ts';
import type { Made } from './flex-documents.ts';
import { isFields } from './remarks.ts';
import type { Fields } from './remarks.ts';

/**
 * Our selectors select only in their own namespace. If one selects an API of another namespace, that API would lose
 * the policy, so it is refused.
 */
export function refuseForeignSelections(made: readonly Made[]): void {
  const apis = made.filter(({ value }) => value['kind'] === 'Api');
  for (const { of, value } of made) {
    const { targetRef } = value['spec'] as { readonly targetRef?: Fields };
    if (targetRef?.['kind'] !== 'Selector') continue;
    const labels = (targetRef['selector'] as Fields)['labels'] ?? {};
    const foreign = apis.find((api) => namespaceOf(api) !== namespaceOf({ value }) && isSelected(api, labels));
    if (foreign === undefined) continue;
    of.remarks
      .at('spec', 'targetRef')
      .refuse(
        `selects ${nameOf(foreign.of)} of another namespace too, and here a selector stays in its own: write a binding in each namespace`,
      );
  }
}

function namespaceOf({ value }: Pick<Made, 'value'>): unknown {
  return (value['metadata'] as Fields)['namespace'] ?? 'default';
}

function isSelected({ value }: Made, labels: unknown): boolean {
  const own = (value['metadata'] as Fields)['labels'];
  if (!isFields(labels)) return false;
  return Object.entries(labels).every(([name, label]) => isFields(own) && own[name] === label);
}
