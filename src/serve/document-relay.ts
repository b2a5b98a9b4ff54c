import type { Fault } from '../errors.ts';
import type { Relay } from '../sync/control-source-ports.ts';
import type { ControlSource } from '../sync/control-source.ts';
import type { SyncedResource } from '../sync/resource-key.ts';

/** What a worker is to enforce. */
export interface RelayedDocuments {
  /** In place of all that it has. */
  readonly isWhole: boolean;
  readonly upserts: readonly SyncedResource[];
  /** Keys. */
  readonly removals: readonly string[];
}

/** A worker, as far as documents go. */
export interface DocumentTaker {
  /** @returns the faults that it has found; undefined: it has not answered, or is gone. Never rejects. */
  enforce(documents: RelayedDocuments): Promise<readonly Fault[] | undefined>;
  /** @param heardAt when a control plane was last heard, in milliseconds since the Unix epoch */
  tellHeard(heardAt: number): void;
}

/** Hands the documents that the owner has received on to its workers. */
export class DocumentRelay implements Relay {
  readonly #takers = new Set<DocumentTaker>();
  #source: Pick<ControlSource, 'inForce' | 'sinceInForce'> | undefined;
  /** Undefined: nobody has told yet, and a worker goes by its own start. */
  #heardAt: number | undefined;

  serve(source: Pick<ControlSource, 'inForce' | 'sinceInForce'>): void {
    this.#source = source;
  }

  /** A worker has started: it needs what is in force, and then what was held back of what came after it. */
  join(taker: DocumentTaker): void {
    const source = this.#source;
    if (source === undefined) return;
    this.#takers.add(taker);
    if (this.#heardAt !== undefined) taker.tellHeard(this.#heardAt);
    void taker.enforce({ isWhole: true, upserts: [...source.inForce()], removals: [] });
    const [upserts, removals] = source.sinceInForce();
    if (upserts.length + removals.length > 0) void taker.enforce({ isWhole: false, upserts, removals });
  }

  leave(taker: DocumentTaker): void {
    this.#takers.delete(taker);
  }

  tellHeard(heardAt: number): void {
    if (heardAt === this.#heardAt) return;
    this.#heardAt = heardAt;
    for (const taker of this.#takers) taker.tellHeard(heardAt);
  }

  async enforce(upserts: readonly SyncedResource[], removals: readonly string[]): Promise<readonly Fault[]> {
    const takers = [...this.#takers];
    const results = await Promise.all(
      takers.map(async (taker) => ({ taker, faults: await taker.enforce({ isWhole: false, upserts, removals }) })),
    );
    for (const { taker, faults } of results) {
      if (faults !== undefined && faults.length > 0) return faults;
      // One that is gone enforces nothing; one that is there and does not answer may enforce what was before.
      if (faults === undefined && this.#takers.has(taker)) return [unanswered()];
    }
    return [];
  }
}

function unanswered(): Fault {
  const message = 'a worker has not said in time that it enforces the documents';
  return { file: 'ostiary', line: 0, column: 0, field: '', message };
}
