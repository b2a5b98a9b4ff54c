import type { Clock } from '../clock.ts';
import { DocumentReader } from '../document/load.ts';
import type { Fault } from '../errors.ts';
import type { Delivery, DocumentSource, Outcome } from '../source/document-source.ts';
import { readResource } from '../sync/read-resource.ts';
import { documentKeyOf } from '../sync/set-reader.ts';
import type { SyncedResource } from '../sync/resource-key.ts';
import type { RelayedDocuments } from './document-relay.ts';

export interface OwnerDocumentsPorts {
  readonly clock: Clock;
  /** Asks the owner for documents. */
  readonly want: () => void;
  readonly readFile: Delivery['readFile'];
}

/** A worker's documents, which its owner hands on. */
export class OwnerDocuments implements DocumentSource {
  readonly tellsChanges = true;
  readonly #ports: OwnerDocumentsPorts;
  /** As received, so that all can be delivered again where some can't be read. */
  readonly #resources = new Map<string, SyncedResource>();
  readonly #first = Promise.withResolvers<Outcome>();
  #take: (delivery: Delivery) => Promise<Outcome> = () => Promise.resolve({ result: 'outdated' });
  #lookedAt = 0;
  #turn: Promise<unknown> = Promise.resolve();
  /** When the owner last heard a control plane, in milliseconds since the Unix epoch. */
  heardAt: number;
  /** All documents were in force at some time; until then each delivery is whole. */
  #wasWhole = false;

  constructor(ports: OwnerDocumentsPorts) {
    this.#ports = ports;
    this.heardAt = ports.clock.now();
  }

  get lookedAt(): number {
    return this.#lookedAt;
  }

  async open(take: (delivery: Delivery) => Promise<Outcome>): Promise<Outcome> {
    this.#take = take;
    this.#ports.want();
    return this.#first.promise;
  }

  async close(): Promise<void> {
    this.#first.resolve({ result: 'outdated' });
  }

  /** One after the other. @returns why it is not in force; empty: it is. Never rejects. */
  enforce(documents: RelayedDocuments): Promise<readonly Fault[]> {
    const enforced = this.#turn.then(() => this.#enforce(documents));
    this.#turn = enforced;
    return enforced;
  }

  async #enforce({ isWhole, upserts, removals }: RelayedDocuments): Promise<readonly Fault[]> {
    if (isWhole) this.#resources.clear();
    for (const key of removals) this.#resources.delete(key);
    for (const resource of upserts) this.#resources.set(resource.key, resource);
    const reading = new DocumentReader();
    const areReadable = upserts.map((resource) => readResource(resource, reading));
    const isComplete = isWhole || !this.#wasWhole || areReadable.includes(false);
    const all = isComplete && !isWhole ? this.#readAll() : reading;
    const { broken, documents, faults } = all;
    const { clock, readFile } = this.#ports;
    this.#lookedAt = clock.now();
    const outcome = await this.#take({
      set: isComplete
        ? { complete: true, documents, broken, faults, sources: [], unknown: [...all.unknown] }
        : { complete: false, upserts: documents, removals: removals.map(documentKeyOf) },
      readAt: this.#lookedAt,
      readFile,
      stillHolds: async () => true,
    });
    if (outcome.result === 'in_force') this.#wasWhole = true;
    if (isWhole) this.#first.resolve(outcome);
    return outcome.result === 'faulty' ? outcome.faults : [];
  }

  #readAll(): DocumentReader {
    const reading = new DocumentReader();
    for (const resource of this.#resources.values()) readResource(resource, reading);
    return reading;
  }
}
