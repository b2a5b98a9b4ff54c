import { Code, RpcError } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import type { ResourceIndex } from './resource-index.ts';

/** A resource as somebody has read it. */
export interface Seen {
  readonly key: ResourceKey;
  /** 0: there was none. */
  readonly revision: number;
}

/** What a change was made for is another by now: read it again. */
export class Outdated extends RpcError {
  constructor(key: ResourceKey) {
    super(Code.aborted, `${keyText(key)} has changed meanwhile: try again`);
  }
}

/** @throws Outdated where one of them is another by now */
export function refuseOutdated(seen: readonly Seen[] | undefined, index: ResourceIndex): void {
  for (const { key, revision } of seen ?? []) {
    if ((index.get(keyText(key))?.revision ?? 0) !== revision) throw new Outdated(key);
  }
}
