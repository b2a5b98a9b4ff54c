/**
 * What processes share of decisions, so that an entry may come to another one than that which decided: the workers of one
 * replica by their owner, replicas by Redis. Nothing of it is in the way of a Check.
 */
export interface Sharing {
  /**
   * The key of an epoch of another process. Never rejects, and settles within a fraction of a second.
   * @returns undefined: nobody who shares with us has it; `away`: it can't be known now
   */
  keyOf(epoch: number): Promise<Buffer | undefined | 'away'>;
  /** Tells the process of that epoch that the entry of a decision of its own has come. Never throws. */
  credit(epoch: number, sequence: number): void;
  /** Whether others could not tell us so, some time since then. @param since monotonic milliseconds */
  isBroken(since: number): boolean;
}

/** Nobody shares anything. */
export const noSharing: Sharing = {
  keyOf: async () => 'away',
  credit() {},
  isBroken: () => false,
};
