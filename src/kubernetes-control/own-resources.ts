import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import { keyOfSource, sourcePrefix } from './object-key.ts';
import type { ObjectKey } from './object-key.ts';
import type { Resources } from './resources.ts';

export type Written = ResourceKey & { readonly revision: number };

/** What of the log is this cluster's, as far as we have read or written it. */
export class OwnResources {
  readonly #resources: Pick<Resources, 'own'>;
  readonly #cluster: string | undefined;
  /** By source. */
  #bySource = new Map<string, Written>();
  /** By {@link keyText}: the source. */
  #byKey = new Map<string, string>();

  constructor(resources: Pick<Resources, 'own'>, cluster: string | undefined) {
    this.#resources = resources;
    this.#cluster = cluster;
  }

  /**
   * Reads what the log has.
   * @returns objects of which it has something else than we knew, or nothing any more
   */
  async read(): Promise<readonly ObjectKey[]> {
    const found = await this.#resources.own(sourcePrefix(this.#cluster));
    const before = this.#bySource;
    this.#bySource = new Map(
      found.map(({ source, kind, namespace, name, revision }) => [source, { kind, namespace, name, revision }]),
    );
    this.#byKey = new Map(found.map((each) => [keyText(each), each.source]));
    const changed = [...this.#bySource].filter(([source, { revision }]) => before.get(source)?.revision !== revision);
    const gone = [...before].filter(([source]) => !this.#bySource.has(source));
    return [...changed, ...gone].flatMap(([source]) => keyOfSource(this.#cluster, source) ?? []);
  }

  of(source: string): Written | undefined {
    return this.#bySource.get(source);
  }

  /** The objects that resources are of. */
  *objects(): Iterable<ObjectKey> {
    for (const source of this.#bySource.keys()) {
      const key = keyOfSource(this.#cluster, source);
      if (key !== undefined) yield key;
    }
  }

  /** @param resource as {@link keyText} has it @returns undefined: it is not this cluster's */
  objectOf(resource: string): ObjectKey | undefined {
    const source = this.#byKey.get(resource);
    return source === undefined ? undefined : keyOfSource(this.#cluster, source);
  }

  set(source: string, resource: Written): void {
    this.delete(source);
    this.#bySource.set(source, resource);
    this.#byKey.set(keyText(resource), source);
  }

  delete(source: string): void {
    const before = this.#bySource.get(source);
    if (before === undefined) return;
    this.#bySource.delete(source);
    this.#byKey.delete(keyText(before));
  }
}
