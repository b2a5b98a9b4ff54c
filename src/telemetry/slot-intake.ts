import type { Slot } from '../rollup/slot.ts';

/** What became of a slot; the last three never will be stored. */
export type SlotFate = 'added' | 'repeated' | 'too_old' | 'ahead' | 'malformed';

/** What has come of one process: all sequences up to `through`, and those of `beyond`. */
export interface Received {
  readonly node: string;
  readonly epoch: string;
  readonly through: number;
  readonly beyond: readonly number[];
}

export interface Receipt {
  /** In the order of the slots. */
  readonly fates: readonly SlotFate[];
  readonly received: readonly Received[];
}

/** Stores slots, each exactly once by its node, epoch and sequence. */
export interface SlotStore {
  /** All of them, or none. @throws (rejects) nothing was stored: they can be sent again */
  receive(slots: readonly Slot[]): Promise<Receipt>;
}

/** Of one transaction: a busy control plane has one of a thousand nodes' slots every few milliseconds. */
const MOST_A_BATCH = 200;

interface Waiting {
  readonly slot: Slot;
  readonly stored: (outcome: Stored) => void;
  readonly failed: (error: unknown) => void;
}

export interface Stored {
  readonly fate: SlotFate;
  /** What has come of the slot's process, with it. */
  readonly received: Received | undefined;
}

/** Stores what comes from all nodes: while one batch is being stored, the next gathers. */
export class SlotIntake {
  readonly #store: SlotStore;
  readonly #waiting: Waiting[] = [];
  #isStoring = false;

  constructor(store: SlotStore) {
    this.#store = store;
  }

  /** @throws (rejects) it was not stored: its node must send it again */
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
