import { canonicalJson } from '../document/version.ts';
import type { Ownership, Resource, ResourceKey, Write } from './log.ts';

/** Somebody else has changed the resource, or it is theirs. The message names it and what to do. */
export class Conflict extends Error {
  override name = 'Conflict';
  readonly key: ResourceKey;
  constructor(key: ResourceKey, message: string) {
    super(message);
    this.key = key;
  }
}

/** The log has come further than the revision that writes were checked against. Nothing was written. */
export class Outrun extends Error {
  override name = 'Outrun';
  constructor() {
    super('the log has come further meanwhile');
  }
}

/** `Api shop/orders`: what messages call a resource. */
export function keyText({ kind, namespace, name }: ResourceKey): string {
  // Joined it is one string; a template would be a tree, for as long as it is kept.
  return [`${kind} ${namespace}`, name].join('/');
}

/** @throws Conflict if the writer has seen another revision, or is not the owner */
export function refuseConflict(write: Write, before: Resource | undefined): void {
  const { key, expectedRevision } = write;
  if (before !== undefined && !mayWrite(write, before)) {
    throw new Conflict(key, `${keyText(key)} ${whereToChange(before)}`);
  }
  if (expectedRevision === undefined || expectedRevision === (before?.revision ?? 0)) return;
  const found = before === undefined ? 'is not there' : `has revision ${before.revision}`;
  const expected = expectedRevision === 0 ? 'it was expected to be new' : `revision ${expectedRevision} was expected`;
  throw new Conflict(key, `${keyText(key)} ${found}, and ${expected}: read it again`);
}

function mayWrite({ owner, source, document, isTakenOver }: Write, before: Resource): boolean {
  if (owner === 'files') return before.owner === owner;
  // The file would bring it back.
  if (before.owner === 'files' && document === undefined) return false;
  return isTakenOver === true || !isOthers(before, source === undefined ? { owner } : { owner, source });
}

/** Whether somebody else keeps a resource. */
export function isOthers(before: Ownership, { owner, source }: Ownership): boolean {
  if (isByHand(before) && isByHand({ owner })) return false;
  return before.owner !== owner || before.source !== source;
}

/** Nothing else keeps it, so that any person who may can change it anywhere. */
export function isByHand({ owner }: Ownership): boolean {
  return owner === 'api' || owner === 'console';
}

const OVER = 'or take it over (ostiary apply --take-over --reason WHY)';

/** Why others may not write it, and what to do: the end of a sentence. */
export function whereToChange({ owner, source, set }: Pick<Resource, 'owner' | 'source' | 'set'>): string {
  const at = source === undefined ? '' : ` at ${source}`;
  switch (owner) {
    case 'files':
      return `${set === '' ? 'belongs to the owner files' : `stands in the file ${set}`}: change it there, ${OVER} and delete it there`;
    case 'git':
      return `is kept in Git${at}: change it there, ${OVER}`;
    case 'kubernetes':
      return `is an object of the cluster${at}: change it there, ${OVER}`;
    default:
      return 'was written by hand: leave it out, or take it over by --take-over --reason WHY';
  }
}

/** What makes a write a change. */
export function contentOf({ owner, source, set, document, declared }: Resource | Write) {
  return {
    owner,
    ...(source !== undefined && { source }),
    set,
    document,
    ...(declared !== undefined && { declared }),
  };
}

/** Whether a write would change nothing. */
export function isSameContent(before: Resource, write: Resource | Write): boolean {
  return canonicalJson(contentOf(before)) === canonicalJson(contentOf(write));
}
