import { spreadMs } from '../backoff.ts';
import type { Timers } from '../clock.ts';
import { Replaced } from './store.ts';

export interface RoundsPorts {
  /** One round. */
  readonly round: () => Promise<void>;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Another process goes on. */
  readonly replaced: () => void;
  readonly failed: (error: unknown) => void;
}

/** Without a hint: other processes may have something to tell, or a time has come. */
const LOOK_MS = 2000;
const AGAIN_MS = 5000;
/** Hints within this time make one round. */
const GATHER_MS = 50;

/** Rounds, one after the other: soon after a hint, and every few seconds. */
export class Rounds {
  readonly #ports: RoundsPorts;
  #cancel = (): void => {};
  #running: Promise<void> | undefined;
  #isHinted = false;
  #isClosed = false;

  constructor(ports: RoundsPorts) {
    this.#ports = ports;
    this.#after(0);
  }

  /** There is something to do. */
  hint(): void {
    if (this.#isHinted) return;
    this.#isHinted = true;
    if (this.#running === undefined) this.#after(GATHER_MS);
  }

  /** No more rounds. Resolves when the last one has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  #after(delayMs: number): void {
    this.#cancel();
    if (this.#isClosed) return;
    this.#cancel = this.#ports.timers.after(delayMs, () => {
      this.#isHinted = false;
      this.#running = this.#once();
    });
  }

  async #once(): Promise<void> {
    const { failed, random, replaced, round } = this.#ports;
    let pauseMs = spreadMs(LOOK_MS, random());
    try {
      await round();
    } catch (error) {
      if (error instanceof Replaced) {
        this.#isClosed = true;
        replaced();
      } else {
        failed(error);
        pauseMs = AGAIN_MS;
      }
    }
    this.#running = undefined;
    this.#after(this.#isHinted ? GATHER_MS : pauseMs);
  }
}
