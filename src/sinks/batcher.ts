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
  /** Beyond it a batch is full. */
  readonly mostCharacters: number;
  readonly dropped: (reason: DropReason, events: number) => void;
}

const MOST_EVENTS = 2000;
/**
 * Some 900 events of OTLP: 40,000 a second go to a receiver 20 ms away, one batch after the other. To join them and hand
 * them to the thread that compresses takes the event loop 6 ms.
 */
export const USUAL_CHARACTERS = 2 * 1024 * 1024;
/** The longest time that an event waits for others. With a spool, `kill -9` loses at most the events of this time. */
const MOST_AGE_MS = 1000;
/** The largest event. Names, templates and flags are bounded, so no real event reaches it. */
const MOST_EVENT_CHARACTERS = 32 * 1024;
/** The most text that waits to be compressed and stored. It is reached only if the disk or the threads hang. */
const MOST_WAITING_CHARACTERS = 8 * USUAL_CHARACTERS;

const compress = promisify(gzip);

/**
 * Collects events into batches, compresses them on another thread if their format demands it, and puts them into a
 * queue.
 */
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

  /** The number of events that are in no queue yet, and the length of their text. */
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
      if (this.#texts.length >= MOST_EVENTS || this.#characters >= this.#options.mostCharacters) this.#cutNow();
    }
  }

  /** Resolves when all earlier events are in the queue. */
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
      // The fastest level: slower ones save a tenth of the bytes, for several times the work.
      const body = isCompressed ? await compress(text, { level: constants.Z_BEST_SPEED }) : Buffer.from(text);
      await this.#options.queue.push({ events: texts.length, body });
      this.#cut.shift();
      this.#cutEvents -= texts.length;
      this.#cutCharacters -= texts.reduce((sum, { length }) => sum + length, 0);
    }
    this.#working = undefined;
  }
}
