import { Seen } from './seen.ts';
import type { Sharing } from './sharing.ts';
import { Tags } from './tags.ts';

/** The most epochs of other processes that are remembered: running ones, and earlier ones that ended. */
const MOST_EPOCHS = 256;
/** How long to wait before asking again about an epoch that nobody knew. */
const ASK_AGAIN_MS = 10_000;
/** The most unknown epochs that are remembered. Callers can make them up. */
const MOST_UNKNOWN = 1000;
const MOST_QUESTIONS_PER_SECOND = 20;

export interface ForeignEpoch {
  readonly tags: Tags;
  readonly seen: Seen;
}

/** `unknown`: nobody who shares with us has it. `unshared`: nothing is shared. */
export type Stranger = 'unknown' | 'unshared';

export interface ForeignPorts {
  readonly sharing: Pick<Sharing, 'keyOf'>;
  readonly monotonic: () => number;
}

/** Knows the epochs of other processes. */
export class ForeignEpochs {
  readonly #sharing: Pick<Sharing, 'keyOf'>;
  readonly #monotonic: () => number;
  readonly #known = new Map<number, ForeignEpoch>();
  /** Until when nobody is asked, monotonic milliseconds. */
  readonly #strangers = new Map<number, { readonly until: number; readonly as: Stranger }>();
  readonly #asked = new Map<number, Promise<ForeignEpoch | Stranger | 'away'>>();
  #questions = 0;
  #second = Number.NEGATIVE_INFINITY;

  constructor({ sharing, monotonic }: ForeignPorts) {
    this.#sharing = sharing;
    this.#monotonic = monotonic;
  }

  /** What is known of it without asking. */
  recall(epoch: number): ForeignEpoch | Stranger | undefined {
    const known = this.#known.get(epoch);
    if (known !== undefined) return known;
    const stranger = this.#strangers.get(epoch);
    return stranger !== undefined && this.#monotonic() < stranger.until ? stranger.as : undefined;
  }

  /**
   * Asks whoever may know. Never rejects.
   * @returns `away`: they can't be asked now, or too much is asked already; later they may be
   */
  async find(epoch: number): Promise<ForeignEpoch | Stranger | 'away'> {
    const recalled = this.recall(epoch) ?? this.#asked.get(epoch);
    if (recalled !== undefined) return recalled;
    const now = this.#monotonic();
    if (now - this.#second >= 1000) {
      this.#second = now;
      this.#questions = 0;
    }
    if (this.#questions >= MOST_QUESTIONS_PER_SECOND) return 'away';
    this.#questions += 1;
    const question = this.#learn(epoch);
    this.#asked.set(epoch, question);
    return question;
  }

  async #learn(epoch: number): Promise<ForeignEpoch | Stranger | 'away'> {
    const key = await this.#sharing.keyOf(epoch);
    this.#asked.delete(epoch);
    if (key === 'away') return key;
    if (key === undefined || key === 'unshared') return this.#noteStranger(epoch, key ?? 'unknown');
    return this.#noteKnown(epoch, key);
  }

  #noteStranger(epoch: number, as: Stranger): Stranger {
    if (this.#strangers.size >= MOST_UNKNOWN) this.#strangers.clear();
    this.#strangers.set(epoch, { until: this.#monotonic() + ASK_AGAIN_MS, as });
    return as;
  }

  #noteKnown(epoch: number, key: Buffer): ForeignEpoch {
    this.#strangers.delete(epoch);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_EPOCHS && oldest !== undefined) this.#known.delete(oldest);
    const known = { tags: new Tags({ number: epoch, key }), seen: new Seen() };
    this.#known.set(epoch, known);
    return known;
  }
}
