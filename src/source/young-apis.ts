import type { BrokenDocument } from '../document/load.ts';
import { qualifiedName } from '../document/names.ts';
import { readBroken } from './broken-documents.ts';
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
  readonly #names: readonly string[];
  readonly #broken: readonly (WrittenDocument | undefined)[];
  #concerns: Concerns | undefined;
  readonly #documents: () => Iterable<WrittenDocument>;

  constructor({ good, wanted, broken }: YoungApisOptions) {
    const isYoung = (key: string): boolean => good.get(key)?.withheld !== undefined || !good.has(key);
    const apis = new Map([...apisAmong(good), ...apisAmong(wanted)]);
    this.#names = [...apis].filter(([key]) => isYoung(key)).map(([, { document }]) => qualifiedName(document.metadata));
    this.#broken = this.#names.length === 0 ? [] : broken.map(readBroken);
    this.#documents = () => [
      ...[...apis.values(), ...wanted.values()].map(({ document }) => document),
      ...this.#broken.flatMap((document) => document ?? []),
    ];
  }

  /** Keys of those that documents could concern which their schemas refuse. */
  ofBroken(): readonly string[] {
    return this.#broken.flatMap((document) =>
      document === undefined ? this.#keys('all') : this.concernedBy(document),
    );
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
