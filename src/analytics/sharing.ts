import type { Credit } from './ledger.ts';

/**
 * What processes share about decisions, so that an entry may arrive at another process than the one that decided:
 * workers of a replica share through their owner, replicas through Redis. A Check never waits for it.
 */
export interface Sharing {
  /**
   * The key of an epoch of another process. Never rejects, and settles within a second or so.
   * @returns undefined: nobody who shares with us has it; `away`: it can't be known now; `unshared`: nothing is shared
   */
  keyOf(epoch: number): Promise<Buffer | undefined | 'away' | 'unshared'>;
  /**
   * Tells whoever keeps the accounts of that epoch that entries of these decisions have come, and learns whether they are
   * the first ones. Never rejects, and settles within some seconds.
   * @returns in the order of the sequences; `away`: nobody has answered, who may still be told
   */
  claim(epoch: number, sequences: readonly number[]): Promise<readonly Credit[] | 'away'>;
  /** Whether others could not tell us so, some time since then. @param since monotonic milliseconds */
  isBroken(since: number): boolean;
}

/** For a process that shares nothing. */
export const noSharing: Sharing = {
  keyOf: async () => 'unshared',
  claim: async () => 'away',
  isBroken: () => false,
};
