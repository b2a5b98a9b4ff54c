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
  readonly #waiting: Waiting[] = [];
  #isStoring = false;

  constructor(store: SlotStore) {
    this.#store = store;
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
      const batch = this.#waiting.splice(0, MOST_A_BATCH);
      try {
        const { fates, received } = await this.#store.receive(batch.map(({ slot }) => slot));
        for (const [at, { slot, stored }] of batch.entries()) {
          const own = received.find(({ node, epoch }) => node === slot.node && epoch === slot.epoch);
          stored({ fate: fates[at] ?? 'malformed', received: own });
        }
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#isStoring = false;
  }
}
