import type { Clock } from '../clock.ts';
import { createCooperativeYield } from '../document/cooperative-yield.ts';
import type { DocumentKey, DocumentSet } from '../document/document-set.ts';
import { DocumentReader } from '../document/load.ts';
import type { Kind } from '../document/schema.ts';
import { readResource } from './read-resource.ts';
import { qualifiedKey } from './resource-key.ts';
import type { SyncedResource } from './resource-key.ts';

export interface Readable {
  /** All that there are. */
  readonly resources: ReadonlyMap<string, SyncedResource>;
  /** Of those that have changed since the last time. */
  readonly keys: ReadonlySet<string>;
  /** All are to be delivered, whatever has changed. */
  readonly isWhole: boolean;
}

/** Makes documents of resources: of what has changed, or of all as long as some of them can't be read. */
export class SetReader {
  readonly #sources: readonly string[];
  readonly #clock: Clock;
  /** Keys of what is no document that this version can read. */
  readonly #unreadable = new Set<string>();

  /** @param sources for people: where the documents come from */
  constructor(sources: readonly string[], clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  async read({ resources, keys, isWhole }: Readable): Promise<DocumentSet> {
    for (const key of keys) this.#unreadable.delete(key);
    if (!isWhole && this.#unreadable.size === 0) {
      const { documents } = await this.#readAll([...keys].flatMap((key) => resources.get(key) ?? []));
      if (this.#unreadable.size === 0) {
        const removals = [...keys].filter((key) => !resources.has(key)).map(documentKeyOf);
        return { complete: false, upserts: documents, removals };
      }
    }
    this.#unreadable.clear();
    const { broken, documents, faults, unknown } = await this.#readAll(resources.values());
    return { complete: true, documents, broken, faults, sources: this.#sources, unknown: [...unknown] };
  }

  async #readAll(some: Iterable<SyncedResource>): Promise<DocumentReader> {
    const giveWay = createCooperativeYield(this.#clock);
    const reading = new DocumentReader();
    for (const resource of some) {
      if (!readResource(resource, reading)) this.#unreadable.add(resource.key);
      const pause = giveWay();
      if (pause !== undefined) await pause;
    }
    return reading;
  }
}

export function documentKeyOf(key: string): DocumentKey {
  const [kind = '', namespace = '', name = ''] = key.split('\n');
  return { kind: kind as Kind, name: qualifiedKey({ namespace, name }) };
}
