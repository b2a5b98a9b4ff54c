import type { BoundPolicy } from './bindings.ts';

/** The policies whose findings a policy sees: a shadow policy sees those of shadow policies too. */
export function earlierThan(bound: BoundPolicy, ordered: readonly BoundPolicy[]): readonly BoundPolicy[] {
  const turns = ordered.toSorted((one, other) => turnOf(one) - turnOf(other));
  const earlier = turns.slice(0, Math.max(0, turns.indexOf(bound)));
  return earlier.filter(({ mode }) => mode === 'enforce' || bound.mode === 'shadow');
}

/** Quota policies run after all others, those in shadow mode last. */
function turnOf({ policy, mode }: BoundPolicy): number {
  if (policy.phase === 'access') return 0;
  return mode === 'enforce' ? 1 : 2;
}
