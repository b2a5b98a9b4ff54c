import { PLATFORM_NAMESPACE } from '../document/names.ts';
import type { Fault } from '../errors.ts';
import { keyText } from '../registry/conflict.ts';
import type { Facts } from './facts.ts';
import { hasLabels } from './neighbourhood.ts';
import type { Proposal } from './neighbourhood.ts';
import type { ResourceIndex } from './resource-index.ts';

/** APIs that would lose labels by which a binding of the platform selects them: its policy would be gone with them. */
export function leavingPlatform(proposals: readonly Proposal[], index: ResourceIndex): readonly Fault[] {
  return proposals.flatMap(({ key, facts }): readonly Fault[] => {
    if (key.kind !== 'Api' || facts === undefined) return [];
    const before = index.get(keyText(key))?.facts;
    const left = before === undefined ? [] : selectorsLeft(before, facts, index);
    if (left.length === 0) return [];
    const labels = left.map(([label, value]) => `${label}=${value}`).join(', ');
    const message = `a policy of the platform applies to this API by the label ${labels}: only an admin of the platform takes it out`;
    return [{ file: keyText(key), line: 0, column: 0, field: 'metadata.labels', message }];
  });
}

function selectorsLeft(before: Facts, after: Facts, index: ResourceIndex): readonly (readonly [string, string])[] {
  const lost = new Map<string, string>();
  for (const { kind, facts } of index.holding(`selects ${PLATFORM_NAMESPACE}`)) {
    const { selector = {} } = facts;
    if (kind !== 'PolicyBinding' || !hasLabels(before, selector) || hasLabels(after, selector)) continue;
    for (const [label, value] of Object.entries(selector)) if (after.labels?.[label] !== value) lost.set(label, value);
  }
  return [...lost];
}
