import { hash } from 'node:crypto';
import { canonicalJson } from '../document/version.ts';
import type { Change, Resource } from './log.ts';

/** The hash before the first change. */
export const NO_HASH = '0'.repeat(64);

/** A change as it is written: with both contents as canonical JSON; undefined: there is none. */
export interface WrittenChange extends Pick<
  Change,
  'revision' | 'at' | 'actor' | 'reason' | 'kind' | 'namespace' | 'name'
> {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export function resourceText(resource: Resource): string {
  return canonicalJson(resource);
}

/**
 * SHA-256 over the hash before and the change as canonical JSON, whose members `before` and `after` are null where there is
 * none.
 */
export function chainHash(hashBefore: string, change: WrittenChange): string {
  const { actor, after = 'null', at, before = 'null', kind, name, namespace, reason, revision } = change;
  // The contents are canonical already.
  const text =
    `{"actor":${JSON.stringify(actor)},"after":${after},"at":${at},"before":${before},"kind":${JSON.stringify(kind)},` +
    `"name":${JSON.stringify(name)},"namespace":${JSON.stringify(namespace)},"reason":${JSON.stringify(reason)},` +
    `"revision":${revision}}`;
  return hash('sha256', hashBefore + text);
}
