import { isDeepStrictEqual } from 'node:util';
import type { BrokenDocument, Loaded } from '../document/load.ts';
import { qualifiedName } from '../document/names.ts';
import { placeIn } from './api-places.ts';
import { readBroken, standInFor } from './broken-documents.ts';
import { apisAmong } from './concerned-apis.ts';
import { Concerns } from './concerns.ts';
import type { ConcernedApis, WrittenDocument } from './concerns.ts';
import { keyFor } from './document-keys.ts';
import type { Documents } from './document-keys.ts';

export interface YoungApisOptions {
  readonly good: Documents;
  readonly wanted: Documents;
  readonly broken: readonly BrokenDocument[];
}

/**
 * APIs that were never in force as their authors want them. They have no version that could stay: while a document has a
 * fault that could concern one, such as a policy that names no API, it waits.
 */
export class YoungApis {
  readonly #good: Documents;
  readonly #names: readonly string[];
  /** With what of each can be relied on. */
  readonly #broken: readonly (readonly [BrokenDocument, WrittenDocument | undefined])[];
  #concerns: Concerns | undefined;
  readonly #documents: () => Iterable<WrittenDocument>;

  constructor({ good, wanted, broken }: YoungApisOptions) {
    this.#good = good;
    const isYoung = (key: string): boolean => good.get(key)?.withheld !== undefined || !good.has(key);
    const apis = new Map([...apisAmong(good), ...apisAmong(wanted)]);
    this.#names = [...apis].filter(([key]) => isYoung(key)).map(([, { document }]) => qualifiedName(document.metadata));
    this.#broken = broken.map((each) => [each, readBroken(each)]);
    this.#documents = () => [
      ...[...apis.values(), ...wanted.values()].map(({ document }) => document),
      ...this.#broken.flatMap(([, document]) => document ?? []),
    ];
  }

  /**
   * What waits for documents that their schemas refuse: what they could concern, and what would get the requests that an
   * API among them should have.
   * @param wanted gets what tells where such an API should be
   * @param faulty gets the keys
   */
  waitForBroken(wanted: Map<string, Loaded>, faulty: Set<string>): void {
    for (const [, document] of this.#broken)
      for (const key of document === undefined ? this.#keys('all') : this.concernedBy(document)) faulty.add(key);
    for (const [broken, document] of this.#broken) {
      if (document?.kind !== 'Api') continue;
      const key = keyFor('Api', qualifiedName(document.metadata));
      const standIn = standInFor(document, broken, '');
      faulty.add(key);
      if (standIn !== undefined) wanted.set(key, standIn);
      else for (const moved of this.#moved(wanted)) faulty.add(moved);
    }
  }

  /** Keys of APIs that are to be elsewhere. */
  #moved(wanted: Documents): readonly string[] {
    const places = [...apisAmong(wanted)].map(([key, loaded]) => [key, placeIn(loaded), placeIn(this.#good.get(key))]);
    return places.flatMap(([key, will, was]) => (isDeepStrictEqual(will, was) ? [] : [key as string]));
  }

  /** Keys of those that a document could concern. */
  concernedBy(document: WrittenDocument): readonly string[] {
    if (this.#names.length === 0) return [];
    this.#concerns ??= new Concerns(this.#documents());
    return this.#keys(this.#concerns.of(document));
  }

  #keys(concerned: ConcernedApis): readonly string[] {
    const young = concerned === 'all' ? this.#names : this.#names.filter((name) => concerned.includes(name));
    return young.map((name) => keyFor('Api', name));
  }
}
