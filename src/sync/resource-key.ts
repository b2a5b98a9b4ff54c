import { hash } from 'node:crypto';
import { DEFAULT_NAMESPACE } from '../document/names.ts';
import type { ResourceKey } from '../registry/log.ts';

/** A resource as both ends hold it. */
export interface SyncedResource extends ResourceKey {
  /** See {@link keyText}. */
  readonly key: string;
  /** Of its last change. */
  readonly revision: number;
  /** Of the change that created it. */
  readonly createdRevision: number;
  /** Who writes it; empty where the control plane does not tell. */
  readonly owner: string;
  /** JSON: a text takes a tenth of the memory of the objects that it stands for. */
  readonly text: string;
}

/** One text for a key: no part of a key has a line break. */
export function keyText({ kind, namespace, name }: ResourceKey): string {
  // Joined it is one string; a template would be a tree of five, for as long as it is kept.
  return [kind, namespace, name].join('\n');
}

/** As documents and metrics have it: `orders`, or `shop/orders` for one of another namespace than the default. */
export function qualifiedKey({ namespace, name }: Pick<ResourceKey, 'namespace' | 'name'>): string {
  return namespace === DEFAULT_NAMESPACE ? name : `${namespace}/${name}`;
}

/**
 * What resources come to, whatever their order: the sum, modulo 2^64, of a digest of each one's key and revision. Two
 * sides with the same sum have the same resources.
 */
export class StateHash {
  #sum = 0n;

  constructor(sum = 0n) {
    this.#sum = sum;
  }

  get value(): bigint {
    return this.#sum;
  }

  add(resource: ResourceKey, revision: number): void {
    this.#sum = BigInt.asUintN(64, this.#sum + digestOf(resource, revision));
  }

  remove(resource: ResourceKey, revision: number): void {
    this.#sum = BigInt.asUintN(64, this.#sum - digestOf(resource, revision));
  }
}

function digestOf({ kind, namespace, name }: ResourceKey, revision: number): bigint {
  return hash('sha256', JSON.stringify([kind, namespace, name, revision]), 'buffer').readBigUInt64LE();
}
