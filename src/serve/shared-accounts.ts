import type { Accounts } from '../analytics/accounts.ts';
import type { Credit } from '../analytics/ledger.ts';
import { noSharing } from '../analytics/sharing.ts';
import type { Sharing } from '../analytics/sharing.ts';

/** Keeps the accounts of one epoch. */
export interface Keeper {
  readonly key: Buffer;
  /** As {@link Sharing.claim}. */
  claim(sequences: readonly number[]): Promise<readonly Credit[] | 'away'>;
}

/** Other replicas, who are told of our epochs. */
export interface Others extends Sharing {
  announce(epoch: number, key: Buffer): void;
  withdraw(epoch: number): void;
}

/** There is nothing by which replicas could share. */
export const noOthers: Others = { ...noSharing, announce() {}, withdraw() {} };

export function keeperOf(accounts: Accounts): Keeper {
  return { key: accounts.epoch.key, claim: async (sequences) => accounts.claim(sequences) };
}

/** Knows the epochs of this process and its workers, also of those that have ended; asks others about the rest. */
export class SharedAccounts implements Sharing {
  readonly #keepers = new Map<number, Keeper>();
  #others = noOthers;

  /** From now on this replica shares with others. */
  join(others: Others): void {
    this.#others = others;
    for (const [epoch, { key }] of this.#keepers) others.announce(epoch, key);
  }

  /** Replaces an earlier keeper of the epoch. */
  keep(epoch: number, keeper: Keeper): void {
    const isNew = !this.#keepers.has(epoch);
    this.#keepers.set(epoch, keeper);
    if (isNew) this.#others.announce(epoch, keeper.key);
  }

  /** Another process had told others that the accounts of this epoch are its own. */
  announceAgain(epoch: number): void {
    const keeper = this.#keepers.get(epoch);
    if (keeper !== undefined) this.#others.announce(epoch, keeper.key);
  }

  forget(epoch: number): void {
    this.#keepers.delete(epoch);
    this.#others.withdraw(epoch);
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
