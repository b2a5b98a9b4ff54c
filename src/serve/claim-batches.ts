import type { Credit } from '../analytics/ledger.ts';

/** Claims of one epoch are made together after this time. */
const BATCH_MS = 50;
const MOST_AT_ONCE = 1000;
/** Claims that nobody has answered are made again after this time, */
const AGAIN_MS = 5000;
/** and given up after so many times: a quarter of an hour. */
const MOST_TIMES = 180;
/** Of all epochs. */
const MOST_UNTOLD = 200_000;

export interface ClaimBatchesPorts {
  readonly after: (delayMs: number, callback: () => void) => () => void;
  /** `gone`: nobody keeps those accounts. Never rejects. */
  readonly claim: (epoch: number, sequences: readonly number[]) => Promise<readonly Credit[] | 'gone' | 'away'>;
  /** Some claims of that epoch will never be made. */
  readonly lost: (epoch: number) => void;
}

interface Batch {
  readonly sequences: number[];
  readonly answer: Promise<readonly Credit[] | 'away'>;
}

interface Untold {
  sequences: number[];
  times: number;
  hasLost: boolean;
}

/** Makes claims together, and those that nobody has answered again: who decided will know, if late, what has come. */
export class ClaimBatches {
  readonly #ports: ClaimBatchesPorts;
  readonly #batches = new Map<number, Batch>();
  readonly #untold = new Map<number, Untold>();
  #untoldCount = 0;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(ports: ClaimBatchesPorts) {
    this.#ports = ports;
  }

  /** As `Sharing.claim`. */
  async claim(epoch: number, sequences: readonly number[]): Promise<readonly Credit[] | 'away'> {
    // Nobody has answered lately.
    if (this.#untold.has(epoch)) return this.#keep(epoch, sequences);
    const batch = this.#batches.get(epoch) ?? this.#begin(epoch);
    const first = batch.sequences.length;
    for (const sequence of sequences) batch.sequences.push(sequence);
    const credits = await batch.answer;
    return credits === 'away' ? credits : credits.slice(first, first + sequences.length);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #begin(epoch: number): Batch {
    const { promise, resolve } = Promise.withResolvers<readonly Credit[] | 'away'>();
    const batch: Batch = { sequences: [], answer: promise };
    this.#batches.set(epoch, batch);
    this.#ports.after(BATCH_MS, () => {
      this.#batches.delete(epoch);
      resolve(this.#makeAll(epoch, batch.sequences));
    });
    return batch;
  }

  async #makeAll(epoch: number, sequences: readonly number[]): Promise<readonly Credit[] | 'away'> {
    const parts: Promise<readonly Credit[] | 'gone' | 'away'>[] = [];
    for (let from = 0; from < sequences.length; from += MOST_AT_ONCE)
      parts.push(this.#ports.claim(epoch, sequences.slice(from, from + MOST_AT_ONCE)));
    const answers = await Promise.all(parts);
    const credits: Credit[] = [];
    for (const [at, answer] of answers.entries()) {
      const part = sequences.slice(at * MOST_AT_ONCE, (at + 1) * MOST_AT_ONCE);
      if (typeof answer !== 'string') credits.push(...answer);
      else {
        if (answer === 'away') this.#keep(epoch, part);
        // Of a claim that nobody answers, each comes for the first time as far as is known.
        for (const _ of part) credits.push('counted');
      }
    }
    return credits;
  }

  #keep(epoch: number, sequences: readonly number[]): 'away' {
    let untold = this.#untold.get(epoch);
    if (untold === undefined) this.#untold.set(epoch, (untold = { sequences: [], times: 0, hasLost: false }));
    const room = MOST_UNTOLD - this.#untoldCount;
    if (room < sequences.length) untold.hasLost = true;
    for (const sequence of sequences.slice(0, room)) untold.sequences.push(sequence);
    this.#untoldCount += Math.min(room, sequences.length);
    if (!this.#isClosed) this.#cancel ??= this.#ports.after(AGAIN_MS, () => void this.#tellAgain());
    return 'away';
  }

  async #tellAgain(): Promise<void> {
    await Promise.all([...this.#untold].map(([epoch, untold]) => this.#tellOne(epoch, untold)));
    this.#cancel = undefined;
    if (this.#untold.size > 0 && !this.#isClosed)
      this.#cancel = this.#ports.after(AGAIN_MS, () => void this.#tellAgain());
  }

  async #tellOne(epoch: number, untold: Untold): Promise<void> {
    untold.times += 1;
    const some = untold.sequences.slice(0, MOST_AT_ONCE);
    const answer = some.length === 0 ? [] : await this.#ports.claim(epoch, some);
    if (answer === 'away' && untold.times < MOST_TIMES) return;
    // Whoever answers is asked in the usual way again.
    this.#untold.delete(epoch);
    this.#untoldCount -= untold.sequences.length;
    if (typeof answer === 'string') return;
    await this.#makeAll(epoch, untold.sequences.slice(some.length));
    if (untold.hasLost) this.#ports.lost(epoch);
  }
}
