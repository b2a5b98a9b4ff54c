import { hash } from 'node:crypto';
import { canonicalJson } from '../document/version.ts';
import type { Change, Resource } from './log.ts';

/** The hash before the first change. */
export const NO_HASH = '0'.repeat(64);

/** A change as it is written: with both contents as canonical JSON; undefined: there is none. */
export interface WrittenChange extends ChangeFacts {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A change without its contents. */
export type ChangeFacts = Pick<
  Change,
  'revision' | 'at' | 'actor' | 'credential' | 'address' | 'reason' | 'kind' | 'namespace' | 'name'
>;

export function resourceText(resource: Resource): string {
  return canonicalJson(resource);
}

/** 64 hex digits; undefined where there is no content. */
export function contentDigest(text: string | undefined): string | undefined {
  return text === undefined ? undefined : hash('sha256', text);
}

/** The hash of a change after the one with the hash before. */
export function chainHash(hashBefore: string, change: WrittenChange): string {
  const { before, after } = change;
  if (hasOrigin(change)) {
    return digestedChainHash(hashBefore, { ...change, before: contentDigest(before), after: contentDigest(after) });
  }
  return earlierChainHash(hashBefore, change);
}

/** Whether it is known from where a change came. Of those that were written before that was kept, it is not. */
export function hasOrigin({ credential, address }: Pick<ChangeFacts, 'credential' | 'address'>): boolean {
  return credential !== '' || address !== '';
}

/**
 * SHA-256 over the hash before and the change as canonical JSON, whose members `before` and `after` are the digests of the
 * contents, or null. So a chain can be verified by those who may not see what the contents hold.
 */
export function digestedChainHash(hashBefore: string, change: WrittenChange): string {
  const {
    actor,
    address,
    after = null,
    at,
    before = null,
    credential,
    kind,
    name,
    namespace,
    reason,
    revision,
  } = change;
  const members = { actor, address, after, at, before, credential, kind, name, namespace, reason, revision };
  return hash('sha256', hashBefore + canonicalJson(members));
}

/** The same of a change that does not tell from where it came: with the contents themselves. */
function earlierChainHash(hashBefore: string, change: WrittenChange): string {
  const { actor, after = 'null', at, before = 'null', kind, name, namespace, reason, revision } = change;
  // The contents are canonical already.
  const text =
    `{"actor":${JSON.stringify(actor)},"after":${after},"at":${at},"before":${before},"kind":${JSON.stringify(kind)},` +
    `"name":${JSON.stringify(name)},"namespace":${JSON.stringify(namespace)},"reason":${JSON.stringify(reason)},` +
    `"revision":${revision}}`;
  return hash('sha256', hashBefore + text);
}
