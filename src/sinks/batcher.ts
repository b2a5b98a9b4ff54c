import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { RequestEvent } from '../analytics/event.ts';
import type { Timers } from '../clock.ts';
import type { BatchQueue, DropReason } from './batch.ts';
import type { Format } from './format.ts';

export interface BatcherOptions {
  readonly format: Format;
  readonly queue: BatchQueue;
  readonly timers: Timers;
  readonly dropped: (reason: DropReason, events: number) => void;
}

const MOST_EVENTS = 2000;
const MOST_CHARACTERS = 1024 * 1024;
/** How long an event waits for others: what `kill -9` costs where there is a spool. */
const MOST_AGE_MS = 1000;
/** No event is larger by nature: names, templates and flags are bounded. */
const MOST_EVENT_CHARACTERS = 32 * 1024;
/** What waits to be compressed and stored. Reached only where disk or threads hang. */
const MOST_WAITING_CHARACTERS = 8 * MOST_CHARACTERS;

const compress = promisify(gzip);

/** Puts events together, compresses them on another thread where their format says so, and gives them to a queue. */
export class Batcher {
  readonly #options: BatcherOptions;
  #texts: string[] = [];
  #characters = 0;
  readonly #cut: (readonly string[])[] = [];
  #cutCharacters = 0;
  #cutEvents = 0;
  #cancelTimer: (() => void) | undefined;
  #working: Promise<void> | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Events that are in no queue yet, and the characters of their text. */
  get waiting(): { readonly events: number; readonly characters: number } {
    return { events: this.#texts.length + this.#cutEvents, characters: this.#characters + this.#cutCharacters };
  }

  take(event: RequestEvent): void {
    const text = this.#options.format.encode(event);
    if (text.length > MOST_EVENT_CHARACTERS) {
      this.#options.dropped('too_large', 1);
    } else if (this.#characters + this.#cutCharacters + text.length > MOST_WAITING_CHARACTERS) {
      this.#options.dropped('queue_full', 1);
    } else {
      if (this.#texts.length === 0) this.#cancelTimer = this.#options.timers.after(MOST_AGE_MS, () => this.#cutNow());
      this.#texts.push(text);
      this.#characters += text.length;
      if (this.#texts.length >= MOST_EVENTS || this.#characters >= MOST_CHARACTERS) this.#cutNow();
    }
  }

  /** Resolves when all events so far are in the queue. */
  async flush(): Promise<void> {
    this.#cutNow();
    await this.#working;
  }

  #cutNow(): void {
    this.#cancelTimer?.();
    if (this.#texts.length === 0) return;
    this.#cut.push(this.#texts);
    this.#cutCharacters += this.#characters;
    this.#cutEvents += this.#texts.length;
    this.#texts = [];
    this.#characters = 0;
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    const { head, separator, tail, isCompressed } = this.#options.format;
    for (let texts = this.#cut[0]; texts !== undefined; texts = this.#cut[0]) {
      const text = `${head}${texts.join(separator)}${tail}`;
      // The fastest level: the others save a tenth of the bytes, for several times the work.
      const body = isCompressed ? await compress(text, { level: constants.Z_BEST_SPEED }) : Buffer.from(text);
      await this.#options.queue.push({ events: texts.length, body });
      this.#cut.shift();
      this.#cutEvents -= texts.length;
      this.#cutCharacters -= texts.reduce((sum, { length }) => sum + length, 0);
    }
    this.#working = undefined;
  }
}
