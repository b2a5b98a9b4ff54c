import { valueAt, withValue } from './inputs.ts';
import type { Path } from './inputs.ts';
import { isRecord } from './node.ts';
import { isBelow } from './paths.ts';
import { differingPaths } from './yaml-draft.ts';

/** A place that two people have changed, each otherwise. */
export interface Collision {
  readonly path: Path;
  readonly mine: unknown;
  readonly theirs: unknown;
}

export interface Merged {
  /** Theirs, with all of mine that collides with nothing. */
  readonly value: unknown;
  /** Of mine, what could be put there. */
  readonly taken: readonly Path[];
  readonly collisions: readonly Collision[];
}

/** What two people have made of the same document, put together. */
export function merged(base: unknown, mine: unknown, theirs: unknown): Merged {
  const [ours, others] = [differingPaths(base, mine), differingPaths(base, theirs)];
  const collisions: Collision[] = [];
  const taken: Path[] = [];
  let value = theirs;
  for (const path of ours) {
    const other = others.find((each) => isBelow(each, path) || isBelow(path, each));
    const own = valueAt(mine, path);
    if (other === undefined) {
      value = own === undefined ? without(value, path) : withValue(value, path, own);
      taken.push(path);
      continue;
    }
    const at = other.length < path.length ? other : path;
    const collision = { path: at, mine: valueAt(mine, at), theirs: valueAt(theirs, at) };
    // Both have written the same.
    if (differingPaths(collision.mine, collision.theirs).length === 0) continue;
    if (!collisions.some((each) => isBelow(at, each.path))) collisions.push(collision);
  }
  return { value, taken, collisions };
}

function without(value: unknown, path: Path): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return undefined;
  if (Array.isArray(value)) {
    const list = value as unknown[];
    return rest.length === 0
      ? list.filter((_, at) => at !== first)
      : list.map((each, at) => (at === first ? without(each, rest) : each));
  }
  if (!isRecord(value)) return value;
  if (rest.length > 0) return { ...value, [first]: without(value[first], rest) };
  const { [String(first)]: _, ...others } = value;
  return others;
}
