import { valueAt } from './inputs.ts';
import type { Path } from './inputs.ts';
import { labelOf, policyLabel } from './labels.ts';

/** Reads a path as faults have it: `spec.policies[0].config["a b"]`. What can't be read ends it. */
export function pathFrom(text: string): Path {
  const path: (string | number)[] = [];
  const part = /\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y;
  while (part.lastIndex < text.length) {
    const [, word, index, quoted] = part.exec(text) ?? [];
    if (word !== undefined) path.push(word);
    else if (index !== undefined) path.push(Number(index));
    else if (quoted !== undefined) path.push(JSON.parse(`"${quoted}"`) as string);
    else break;
  }
  return path;
}

export function isBelow(path: Path, above: Path): boolean {
  return above.length <= path.length && above.every((part, at) => part === path[at]);
}

export interface Placed {
  readonly path: Path;
  readonly message: string;
}

/**
 * What an input has to show of faults: those of its own place and of what is within it.
 * @param isLeaf it has no inputs within it that would show them
 */
export function faultAt(faults: readonly Placed[], path: Path, isLeaf: boolean): string | undefined {
  const own = faults.filter((fault) =>
    isLeaf ? isBelow(fault.path, path) : fault.path.length === path.length && isBelow(fault.path, path),
  );
  return own.length === 0 ? undefined : own.map(({ message }) => message).join('; ');
}

/** For people: `Rate limits › 2 › maximum requests`. */
export function pathWords(path: Path): string {
  const words = path.map((part) => (typeof part === 'number' ? String(part + 1) : labelOf(part)));
  return words.join(' › ');
}

/** As {@link pathWords}, in a document: a policy is told by its kind, and what everything stands in is left out. */
export function placeWords(document: unknown, path: Path): string {
  const [first, second, at, ...rest] = path;
  if (first === 'spec' && second === 'policies' && typeof at === 'number') {
    const kind = valueAt(document, ['spec', 'policies', at, 'policyRef', 'name']);
    const name = typeof kind === 'string' ? policyLabel(kind) : 'policy';
    const inner = rest[0] === 'config' ? rest.slice(1) : rest;
    return inner.length === 0 ? `Policy ${at + 1}: ${name}` : `${name} › ${pathWords(inner)}`;
  }
  return pathWords(first === 'spec' || first === 'metadata' ? path.slice(1) : path);
}
