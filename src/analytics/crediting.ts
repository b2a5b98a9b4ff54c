import type { Accounts } from './accounts.ts';
import { ReadId } from './decision-id.ts';
import { Span } from './entry.ts';
import type { Entry } from './entry.ts';
import { ForeignEpochs } from './foreign-epochs.ts';
import type { Stranger } from './foreign-epochs.ts';
import type { Credit } from './ledger.ts';
import type { Sharing } from './sharing.ts';

/**
 * `undecided`: the entry says nothing of a decision, and has no id. `unverified`: it tells of a decision, without an id.
 * `foreign`: the id is of somebody with whom nothing is shared. `forged`: nobody gave this id. `unattributable`: who might
 * know could not be asked in time.
 */
export type Credited = Credit | 'undecided' | 'unverified' | 'foreign' | 'forged' | 'unattributable';

/** Whether the request of the entry counts. */
export function isCounted(credited: Credited): boolean {
  return credited === 'counted' || credited === 'late' || credited === 'undecided';
}

export interface CreditingPorts {
  readonly accounts: Accounts;
  readonly sharing: Sharing;
  readonly monotonic: () => number;
}

/** An id that others can tell of: the entry at this place of a message has it. */
export interface ForeignId {
  readonly place: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly tagHigh: number;
  readonly tagLow: number;
  /** Where its Envoy takes requests. */
  readonly address: string;
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

  /** The sequence of the entry that was credited last, if its decision is ours; otherwise −1. */
  sequence = -1;

  /** @returns `elsewhere`: others must be asked of {@link foreignId} */
  credit(entry: Entry): Credited | 'elsewhere' {
    this.sequence = -1;
    if (!entry.has(Span.id)) return entry.has(Span.decision) ? 'unverified' : 'undecided';
    const id = this.#id;
    if (!this.#read(entry)) return 'forged';
    const accounts = this.#accounts;
    if (id.epoch === accounts.epoch.number) {
      if (!accounts.isGiven(id)) return 'forged';
      this.sequence = id.sequence;
      return accounts.ledger.credit(id.sequence, entry);
    }
    const recalled = this.#foreign.recall(id.epoch);
    if (typeof recalled === 'string') return this.#ofStranger(recalled, entry.localAddress);
    return recalled?.tags.isTag(id.sequence, id.tagHigh, id.tagLow) === false ? 'forged' : 'elsewhere';
  }

  /** That of the entry that was credited last. */
  foreignId(place: number, { localAddress: address }: Entry): ForeignId {
    const { epoch, sequence, tagHigh, tagLow } = this.#id;
    return { place, epoch, sequence, tagHigh, tagLow, address };
  }

  /** Of an entry that was credited before: only what its id says of the decision is read. */
  recall(entry: Entry): void {
    this.sequence = -1;
    this.#read(entry);
  }

  /**
   * Asks others. Never rejects.
   * @returns by place; `away`: who may know can't be asked now
   */
  async ask(ids: readonly ForeignId[]): Promise<Map<number, Credited | 'away'>> {
    const byEpoch = Map.groupBy(ids, ({ epoch }) => epoch);
    const credited = new Map<number, Credited | 'away'>();
    await Promise.all([...byEpoch].map(([epoch, some]) => this.#askOne(epoch, some, credited)));
    return credited;
  }

  /** Others could not be asked of it in time. */
  giveUp({ address }: ForeignId): Credited {
    this.#mayGoElsewhere(address);
    return 'unattributable';
  }

  async #askOne(epoch: number, ids: readonly ForeignId[], credited: Map<number, Credited | 'away'>): Promise<void> {
    const found = await this.#foreign.find(epoch);
    if (typeof found === 'string') {
      for (const { place, address } of ids)
        credited.set(place, found === 'away' ? found : this.#ofStranger(found, address));
      return;
    }
    const asked: ForeignId[] = [];
    for (const id of ids) {
      const { place, sequence, tagHigh, tagLow } = id;
      const before = found.tags.isTag(sequence, tagHigh, tagLow) ? found.seen.add(sequence) : 'forged';
      if (before === 'new') asked.push(id);
      else credited.set(place, before);
    }
    if (asked.length === 0) return;
    const sequences = asked.map(({ sequence }) => sequence);
    const credits = await this.#sharing.claim(epoch, sequences);
    // The tag is right, so it was decided; where nobody says whether it was counted, it comes here for the first time.
    for (const [at, { place }] of asked.entries())
      credited.set(place, credits === 'away' ? 'counted' : (credits[at] ?? 'expired'));
  }

  #ofStranger(stranger: Stranger, address: string): Credited {
    if (stranger === 'unshared') this.#mayGoElsewhere(address);
    return 'foreign';
  }

  /** Entries of our own decisions may go as wrong as this one did. */
  #mayGoElsewhere(address: string): void {
    this.#accounts.ledger.destination(address).foreignAt = this.#monotonic();
  }

  #read(entry: Entry): boolean {
    const isId = entry.readId(this.#id);
    if (isId) entry.decisionMs = this.#id.microseconds / 1000;
    return isId;
  }
}
