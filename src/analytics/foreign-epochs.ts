import { Seen } from './seen.ts';
import type { Sharing } from './sharing.ts';
import { Tags } from './tags.ts';

/** Processes that share with us, and those before them that have ended. */
const MOST_EPOCHS = 256;
/** An epoch that nobody knew is asked for again after this time. */
const ASK_AGAIN_MS = 10_000;
/** Of epochs that are made up, too. */
const MOST_UNKNOWN = 1000;
const MOST_QUESTIONS_PER_SECOND = 20;

export interface ForeignEpoch {
  readonly tags: Tags;
  readonly seen: Seen;
}

export interface ForeignPorts {
  readonly sharing: Sharing;
  readonly monotonic: () => number;
}

/** What is known of the epochs of other processes. */
export class ForeignEpochs {
  readonly #sharing: Sharing;
  readonly #monotonic: () => number;
  readonly #known = new Map<number, ForeignEpoch>();
  /** Until when nobody is asked, monotonic milliseconds. */
  readonly #unknown = new Map<number, { readonly until: number; readonly isAway: boolean }>();
  readonly #asked = new Map<number, Promise<void>>();
  #questions = 0;
  #second = Number.NEGATIVE_INFINITY;

  constructor({ sharing, monotonic }: ForeignPorts) {
    this.#sharing = sharing;
    this.#monotonic = monotonic;
  }

  /** `ask`: {@link ask} first. `unknown`: nobody who shares with us has it. `away`: who might have it can't be asked. */
  get(epoch: number): ForeignEpoch | 'ask' | 'unknown' | 'away' {
    const known = this.#known.get(epoch);
    if (known !== undefined) return known;
    const now = this.#monotonic();
    const unknown = this.#unknown.get(epoch);
    if (unknown !== undefined && now < unknown.until) return unknown.isAway ? 'away' : 'unknown';
    if (this.#asked.has(epoch)) return 'ask';
    if (now - this.#second >= 1000) {
      this.#second = now;
      this.#questions = 0;
    }
    return this.#questions < MOST_QUESTIONS_PER_SECOND ? 'ask' : 'unknown';
  }

  /** Settles when {@link get} knows better. Never rejects. */
  ask(epoch: number): Promise<void> {
    const asked = this.#asked.get(epoch);
    if (asked !== undefined) return asked;
    this.#questions += 1;
    const question = this.#learn(epoch);
    this.#asked.set(epoch, question);
    return question;
  }

  async #learn(epoch: number): Promise<void> {
    const key = await this.#sharing.keyOf(epoch);
    this.#asked.delete(epoch);
    if (key === undefined || key === 'away') this.#noteUnknown(epoch, key === 'away');
    else this.#noteKnown(epoch, key);
  }

  #noteUnknown(epoch: number, isAway: boolean): void {
    if (this.#unknown.size >= MOST_UNKNOWN) this.#unknown.clear();
    this.#unknown.set(epoch, { until: this.#monotonic() + ASK_AGAIN_MS, isAway });
  }

  #noteKnown(epoch: number, key: Buffer): void {
    this.#unknown.delete(epoch);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_EPOCHS && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(epoch, { tags: new Tags({ number: epoch, key }), seen: new Seen() });
  }
}
