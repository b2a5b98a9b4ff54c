import type { Fault } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import type { Facts } from './facts.ts';
import { keyFrom } from './facts.ts';
import type { ResourceIndex } from './resource-index.ts';

/** More names take longer to compare than a hint is worth. */
const MOST_NAMES = 1000;

/** A resource as it would be. */
export interface Named {
  readonly key: ResourceKey;
  readonly facts: Facts | undefined;
}

/**
 * The fault of a reference that leads nowhere, with the name that was meant. The compiler has seen only some of the names.
 * @param changed by the text of their keys
 * @param isSeen whether whoever is told may see a resource of the index
 */
export function withHint(
  fault: Fault,
  changed: ReadonlyMap<string, Named>,
  index: ResourceIndex,
  isSeen: (key: ResourceKey) => boolean,
): Fault {
  const kind = /^there is no (\w+) of this name/.exec(fault.message)?.[1];
  if (kind === undefined) return fault;
  const isThere = (text: string): boolean => {
    const change = changed.get(text);
    return change === undefined ? index.get(text) !== undefined && isSeen(keyFrom(text)) : change.facts !== undefined;
  };
  const facts = changed.get(fault.file)?.facts ?? index.get(fault.file)?.facts;
  const missing = facts?.refers.map(keyFrom).filter((key) => key.kind === kind && !isThere(keyText(key))) ?? [];
  const [wanted, ...others] = missing;
  if (wanted === undefined || others.length > 0) return fault;
  const known = index.ofKind(kind).filter((entry) => entry.namespace === wanted.namespace && isThere(keyText(entry)));
  if (known.length > MOST_NAMES) return fault;
  const meant = didYouMean(
    wanted.name,
    known.map(({ name }) => name),
  );
  return meant === '' ? fault : { ...fault, message: `there is no ${kind} of this name${meant}` };
}
