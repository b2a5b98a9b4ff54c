import type { ResourceKey } from './log.ts';

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
