import type { Decision } from '../decision/decision.ts';
import type { Check } from '../request/check.ts';
import { ENDING, IdWriter } from './decision-id.ts';
import type { ReadId } from './decision-id.ts';
import { Ledger } from './ledger.ts';
import type { Credit, LedgerOptions } from './ledger.ts';
import { Marker } from './mark.ts';
import type { Mark } from './mark.ts';
import { epochText, Tags } from './tags.ts';
import type { Epoch } from './tags.ts';

export interface AccountsOptions extends LedgerOptions {
  readonly epoch: Epoch;
}

/** Gives each decision of this process an id, and enters it in the ledger. Never throws. */
export class Accounts {
  readonly epoch: Epoch;
  readonly ending = ENDING;
  readonly ledger: Ledger;
  readonly #ids: IdWriter;
  readonly #tags: Tags;
  readonly #marker = new Marker();

  constructor({ epoch, ...options }: AccountsOptions) {
    this.epoch = epoch;
    this.#ids = new IdWriter(epoch);
    this.#tags = new Tags(epoch);
    this.ledger = new Ledger(options);
  }

  /** As they are now. @param slots how many slots have told of them */
  mark({ slots, ...made }: Pick<Mark, 'node' | 'madeAtMs' | 'isLast'> & { readonly slots: number }): Mark {
    const { number: epoch, key } = this.epoch;
    const teller = epochText(epoch);
    const marked = this.#marker.mark(this.ledger.now(), slots);
    return { epoch, key: key.toString('base64'), teller, given: this.#ids.given, ...made, ...marked };
  }

  next(decision: Decision, check: Check): number {
    const sequence = this.#ids.next();
    this.ledger.decided(sequence, decision, check.destination ?? '');
    return sequence;
  }

  write(answer: Uint8Array, durationMs: number): void {
    this.#ids.write(answer, durationMs);
  }

  /** Entries of decisions of ours have come to others, who have looked at their tags. */
  claim(sequences: readonly number[]): Credit[] {
    const isOurs = (sequence: number): boolean =>
      Number.isSafeInteger(sequence) && sequence >= 0 && sequence < this.#ids.given;
    return sequences.map((sequence) => (isOurs(sequence) ? this.ledger.credit(sequence) : 'expired'));
  }

  /** Whether an id of this epoch is one that was given. */
  isGiven({ sequence, tagHigh, tagLow }: ReadId): boolean {
    return sequence < this.#ids.given && this.#tags.isTag(sequence, tagHigh, tagLow);
  }
}
