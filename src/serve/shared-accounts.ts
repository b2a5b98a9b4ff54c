import type { Accounts } from '../analytics/accounts.ts';
import type { Credit } from '../analytics/ledger.ts';
import type { Sharing } from '../analytics/sharing.ts';

/** Keeps the accounts of one epoch. */
export interface Keeper {
  readonly key: Buffer;
  /** As {@link Sharing.claim}. */
  claim(sequences: readonly number[]): Promise<readonly Credit[] | 'away'>;
}

export function keeperOf(accounts: Accounts): Keeper {
  return { key: accounts.epoch.key, claim: async (sequences) => accounts.claim(sequences) };
}

/** Knows the epochs of this process and its workers, also of those that have ended; asks others about the rest. */
export class SharedAccounts implements Sharing {
  readonly #keepers = new Map<number, Keeper>();
  readonly #others: Sharing;

  /** @param others the processes with which this replica shares */
  constructor(others: Sharing) {
    this.#others = others;
  }

  /** Replaces an earlier keeper of the epoch. */
  keep(epoch: number, keeper: Keeper): void {
    this.#keepers.set(epoch, keeper);
  }

  forget(epoch: number): void {
    this.#keepers.delete(epoch);
  }

  keeperOf(epoch: number): Keeper | undefined {
    return this.#keepers.get(epoch);
  }

  async keyOf(epoch: number): Promise<Buffer | undefined | 'away' | 'unshared'> {
    return this.#keepers.get(epoch)?.key ?? this.#others.keyOf(epoch);
  }

  async claim(epoch: number, sequences: readonly number[]): Promise<readonly Credit[] | 'away'> {
    const keeper = this.#keepers.get(epoch);
    return keeper === undefined ? this.#others.claim(epoch, sequences) : keeper.claim(sequences);
  }

  isBroken(since: number): boolean {
    return this.#others.isBroken(since);
  }
}
