import type { Accounts } from './accounts.ts';
import { ReadId } from './decision-id.ts';
import { Span } from './entry.ts';
import type { Entry } from './entry.ts';
import { ForeignEpochs } from './foreign-epochs.ts';
import type { Credit } from './ledger.ts';
import type { Sharing } from './sharing.ts';

/**
 * `undecided`: the entry says nothing of a decision, and has no id. `unverified`: it tells of a decision, without an id.
 * `foreign`: the id is of somebody with whom nothing is shared. `forged`: nobody gave this id.
 */
export type Credited = Credit | 'undecided' | 'unverified' | 'foreign' | 'forged';

/** Whether the request is to be counted. */
export function isCounted(credited: Credited): boolean {
  return credited === 'counted' || credited === 'late' || credited === 'undecided';
}

export interface CreditingPorts {
  readonly accounts: Accounts;
  readonly sharing: Sharing;
  readonly monotonic: () => number;
}

/** Holds entries of Envoy's access log against the decisions that they tell of. */
export class Crediting {
  readonly #accounts: Accounts;
  readonly #sharing: Sharing;
  readonly #monotonic: () => number;
  readonly #foreign: ForeignEpochs;
  readonly #id = new ReadId();

  constructor({ accounts, sharing, monotonic }: CreditingPorts) {
    this.#accounts = accounts;
    this.#sharing = sharing;
    this.#monotonic = monotonic;
    this.#foreign = new ForeignEpochs({ sharing, monotonic });
  }

  /** Of the entry that was credited last, where its decision is one of ours; else −1. */
  sequence = -1;

  /** @returns a number: the epoch, of which {@link ask} must know first */
  credit(entry: Entry): Credited | number {
    this.sequence = -1;
    if (!entry.has(Span.id)) return entry.has(Span.decision) ? 'unverified' : 'undecided';
    const id = this.#id;
    if (!entry.readId(id)) return 'forged';
    entry.decisionMs = id.microseconds / 1000;
    const accounts = this.#accounts;
    if (id.epoch !== accounts.epoch.number) return this.#creditForeign(entry);
    if (!accounts.isGiven(id)) return 'forged';
    this.sequence = id.sequence;
    return accounts.ledger.credit(id.sequence, entry);
  }

  /** Learns what others know of an epoch. Never rejects. */
  ask(epoch: number): Promise<void> {
    return this.#foreign.ask(epoch);
  }

  #creditForeign(entry: Entry): Credited | number {
    const { epoch, sequence, tagHigh, tagLow } = this.#id;
    const foreign = this.#foreign.get(epoch);
    if (foreign === 'ask') return epoch;
    if (foreign === 'unknown' || foreign === 'away') {
      // Entries of our own decisions may go as wrong as this one did.
      if (foreign === 'away') this.#accounts.ledger.destination(entry.localAddress).foreignAt = this.#monotonic();
      return 'foreign';
    }
    if (!foreign.tags.isTag(sequence, tagHigh, tagLow)) return 'forged';
    const before = foreign.seen.add(sequence);
    if (before !== 'new') return before;
    this.#sharing.credit(epoch, sequence);
    return 'counted';
  }
}
