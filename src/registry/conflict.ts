import type { Resource, ResourceKey, Write } from './log.ts';

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
export function refuseConflict({ key, owner, expectedRevision }: Write, before: Resource | undefined): void {
  if (before !== undefined && before.owner !== owner) {
    const where =
      before.owner === 'files' && before.set !== ''
        ? `stands in the file ${before.set}`
        : `belongs to the owner ${before.owner}`;
    throw new Conflict(key, `${keyText(key)} ${where}: change it there`);
  }
  if (expectedRevision === undefined || expectedRevision === (before?.revision ?? 0)) return;
  const found = before === undefined ? 'is not there' : `has revision ${before.revision}`;
  const expected = expectedRevision === 0 ? 'it was expected to be new' : `revision ${expectedRevision} was expected`;
  throw new Conflict(key, `${keyText(key)} ${found}, and ${expected}: read it again`);
}
