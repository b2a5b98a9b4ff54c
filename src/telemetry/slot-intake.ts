import type { Slot } from '../rollup/slot.ts';

/** What happened to a slot. The last three are never stored. */
export type SlotFate = 'added' | 'repeated' | 'too_old' | 'ahead' | 'malformed';

/** What has been received from one process: all sequences up to `through`, and those in `beyond`. */
export interface Received {
  readonly node: string;
  readonly epoch: string;
  readonly through: number;
  readonly beyond: readonly number[];
}

export interface Receipt {
  /** One for each slot, in their order. */
  readonly fates: readonly SlotFate[];
  readonly received: readonly Received[];
}

/** Stores slots, each exactly once by its node, epoch and sequence. */
export interface SlotStore {
  /**
   * Stores all slots, or none.
   * @throws (rejects) if nothing was stored: the slots can be sent again
   */
  receive(slots: readonly Slot[]): Promise<Receipt>;
}

/** The most slots in one transaction. With a thousand nodes, some slots arrive every few milliseconds. */
const MOST_A_BATCH = 200;
/** However few slots have them. */
const ROWS_A_BATCH = 20_000;

interface Waiting {
  readonly slot: Slot;
  readonly stored: (outcome: Stored) => void;
  readonly failed: (error: unknown) => void;
}

export interface Stored {
  readonly fate: SlotFate;
  /** What has been received from the slot's process, this slot included. */
  readonly received: Received | undefined;
}

/** Stores slots of all nodes in batches: while one batch is being stored, the next one gathers. */
export class SlotIntake {
  readonly #store: SlotStore;
  readonly #isAway: (error: unknown) => boolean;
  readonly #waiting: Waiting[] = [];
  #isStoring = false;

  /** @param isAway whether an error says that the store takes nothing at all; any other is of one of the slots */
  constructor(store: SlotStore, isAway: (error: unknown) => boolean = () => false) {
    this.#store = store;
    this.#isAway = isAway;
  }

  /** @throws (rejects) if the slot was not stored: its node must send it again */
  take(slot: Slot): Promise<Stored> {
    const { promise, resolve: stored, reject: failed } = Promise.withResolvers<Stored>();
    this.#waiting.push({ slot, stored, failed });
    if (!this.#isStoring) void this.#storeAll();
    return promise;
  }

  async #storeAll(): Promise<void> {
    this.#isStoring = true;
    while (this.#waiting.length > 0) {
      await this.#storeSome(this.#waiting.splice(0, this.#batchSize()));
    }
    this.#isStoring = false;
  }

  async #storeSome(batch: readonly Waiting[]): Promise<void> {
    try {
      const { fates, received } = await this.#store.receive(batch.map(({ slot }) => slot));
      const byProcess = new Map(received.map((each) => [`${each.epoch} ${each.node}`, each]));
      for (const [at, { slot, stored }] of batch.entries())
        stored({ fate: fates[at] ?? 'malformed', received: byProcess.get(`${slot.epoch} ${slot.node}`) });
    } catch (error) {
      if (batch.length === 1 || this.#isAway(error)) for (const { failed } of batch) failed(error);
      // One that can't be stored must not keep the others out.
      else for (const each of batch) await this.#storeSome([each]);
    }
  }

  #batchSize(): number {
    let rows = 0;
    for (const [at, { slot }] of this.#waiting.entries()) {
      rows += slot.rows.length;
      if (at === MOST_A_BATCH || (rows > ROWS_A_BATCH && at > 0)) return at;
    }
    return this.#waiting.length;
  }
}
