import type { DocumentSet } from '../../src/document/document-set.ts';
import { Faults } from '../../src/document/fault.ts';
import type { Loaded } from '../../src/document/load.ts';
import type { Kind } from '../../src/document/schema.ts';
import { documentSchemas } from '../../src/document/schema.ts';
import type { Delivery, DocumentSource, Outcome } from '../../src/source/document-source.ts';

/** Documents that come by name and revision, as from a control plane: all at first, then what changes. */
export class MemorySource implements DocumentSource {
  readonly tellsChanges = true;
  readonly lookedAt = 0;
  readonly #first: readonly Loaded[];
  readonly #unknown: readonly string[];
  #take: (delivery: Delivery) => Promise<Outcome> = () => Promise.reject(new Error('not opened'));
  isClosed = false;
  /** Whether what it delivers is still so when it has been compiled. */
  holds = true;

  /** @param unknown what it can't read at first */
  constructor(first: readonly Loaded[], unknown: readonly string[] = []) {
    this.#first = first;
    this.#unknown = unknown;
  }

  open(take: (delivery: Delivery) => Promise<Outcome>): Promise<Outcome> {
    this.#take = take;
    return this.deliverAll(this.#first, this.#unknown);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  deliverAll(documents: readonly Loaded[], unknown: readonly string[] = []): Promise<Outcome> {
    const faults = new Faults();
    for (const file of unknown) faults.add(() => ({ file, line: 1, column: 1, field: '', message: 'can not be read' }));
    return this.#deliver({ complete: true, documents, broken: [], faults, sources: ['memory', ...unknown], unknown });
  }

  /** As a folder that is not there any more. */
  deliverAway(): Promise<Outcome> {
    const faults = new Faults();
    faults.add(() => ({ file: '/away', line: 0, column: 0, field: '', message: 'no such file or directory' }));
    const set = { complete: true, documents: [], broken: [], faults, sources: [], unknown: ['/away'] } as const;
    return this.#deliver({ ...set, isAbsent: true });
  }

  upsert(...upserts: Loaded[]): Promise<Outcome> {
    return this.#deliver({ complete: false, upserts, removals: [] });
  }

  remove(kind: Kind, name: string): Promise<Outcome> {
    return this.#deliver({ complete: false, upserts: [], removals: [{ kind, name }] });
  }

  #deliver(set: DocumentSet): Promise<Outcome> {
    return this.#take({
      set,
      readAt: 0,
      readFile: () => Promise.reject(new Error('has no files')),
      stillHolds: async () => this.holds,
    });
  }
}

let revision = 0;

/** A document as its schema makes it, with a revision that rises from one to the next. */
export function resource(kind: Kind, name: string, spec: object, metadata: object = {}): Loaded {
  revision += 1;
  const written = { apiVersion: 'ostiary.dev/v1alpha1', kind, metadata: { name, ...metadata }, spec };
  const document = documentSchemas[kind].parse(written);
  return { place: { resource: `${kind}/${name}@${revision}` }, createdAt: revision, document };
}
