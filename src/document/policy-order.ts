import type { BoundPolicy } from './bindings.ts';

/**
 * All policies of an API in the order of decision. The platform's are a class that comes first, whatever `order` says. In
 * each class those come first that answer in place of the upstream; an API's own answer what the platform would ask for
 * credentials, which nobody has yet, and nothing that the platform decides before.
 * @param ofPlatform and `own` in their order
 */
export function inClasses(ofPlatform: readonly BoundPolicy[], own: readonly BoundPolicy[]): readonly BoundPolicy[] {
  const first = [...ofPlatform.filter(isFirst), ...ofPlatform.filter(isNotFirst)];
  const asks = first.findIndex(({ policy }) => policy.phase === 'access' && policy.authenticates !== undefined);
  const before = asks < 0 ? first.length : asks;
  return [...first.slice(0, before), ...own.filter(isFirst), ...first.slice(before), ...own.filter(isNotFirst)];
}

function isFirst({ policy }: BoundPolicy): boolean {
  return policy.phase === 'access' && policy.isFirst === true;
}

function isNotFirst(bound: BoundPolicy): boolean {
  return !isFirst(bound);
}

/** By `order`; then an API's own in list order, then bindings by name. */
export function inOrder(own: readonly BoundPolicy[], bindings: readonly BoundPolicy[]): readonly BoundPolicy[] {
  const byName = bindings.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  // The sort is stable, which decides ties.
  return [...own, ...byName].sort((a, b) => a.order - b.order);
}
