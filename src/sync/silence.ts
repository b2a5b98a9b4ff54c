import type { Clock, Timers } from '../clock.ts';

/** How long the other end may be silent, and how often we are not. */
export const SILENCE_MS = 30_000;
export const PING_MS = 10_000;

export interface SilencePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Nothing was sent for {@link PING_MS}. */
  readonly ping: () => void;
}

/** Sees to both directions of a stream: that we send something now and then, and that we wait for no dead peer. */
export class Silence {
  readonly #ports: SilencePorts;
  #sentAt: number;
  #cancel = (): void => {};

  constructor(ports: SilencePorts) {
    this.#ports = ports;
    this.#sentAt = ports.clock.monotonic();
    this.#watch(PING_MS);
  }

  sent(): void {
    this.#sentAt = this.#ports.clock.monotonic();
  }

  /** @returns what comes; undefined: nothing came for so long that the peer is gone */
  async within<T>(coming: Promise<T>): Promise<T | undefined> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const cancel = this.#ports.timers.after(SILENCE_MS, () => resolve(undefined));
    try {
      return await Promise.race([coming, promise]);
    } finally {
      cancel();
    }
  }

  close(): void {
    this.#cancel();
  }

  #watch(delayMs: number): void {
    const { clock, ping, timers } = this.#ports;
    this.#cancel = timers.after(delayMs, () => {
      const waitMs = this.#sentAt + PING_MS - clock.monotonic();
      if (waitMs <= 0) ping();
      this.#watch(waitMs <= 0 ? PING_MS : waitMs);
    });
  }
}
