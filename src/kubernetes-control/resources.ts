import type { ResourceKey } from '../registry/log.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A resource of the log that is kept in this cluster. */
export interface OwnResource extends ResourceKey {
  readonly source: string;
  /** Of its last change. */
  readonly revision: number;
}

export interface WriteFault {
  /** `Api east.shop/orders`: the resource that would be wrong, which may be another one than the written one. */
  readonly resource: string;
  /** Such as `spec.basePath`. */
  readonly field: string;
  readonly message: string;
}

export interface ResourceWrite {
  readonly document: Json;
  readonly source: string;
}

/** What became of a write. */
export type Outcome =
  /** The log has it so. @param revision of its last change */
  | { readonly kind: 'written'; readonly revision: number; readonly key: ResourceKey }
  /** It contradicts itself or others, and is not written. */
  | { readonly kind: 'faulty'; readonly faults: readonly WriteFault[] }
  /** Somebody else keeps a resource of that name. */
  | { readonly kind: 'others'; readonly message: string };

/** The log of the control plane, as far as this cluster's resources are concerned. Each rejects where it can't be used now. */
export interface Resources {
  write(document: Json, source: string): Promise<Outcome>;
  /** Many at once, each by itself: what is refused keeps no other from being written. @returns in their order */
  writeAll(writes: readonly ResourceWrite[]): Promise<readonly Outcome[]>;
  /** What is not there is gone already. */
  remove(key: ResourceKey, source: string): Promise<Outcome>;
  /** @param prefix of their sources */
  own(prefix: string): Promise<readonly OwnResource[]>;
  /** The revision of the log. */
  revision(): Promise<number>;
}
