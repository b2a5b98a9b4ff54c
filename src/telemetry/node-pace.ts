import type { Clock } from '../clock.ts';

/** What one node may send. Whoever sends faster is read more slowly. */
export interface Pace {
  /** At once, such as what has gathered while the control plane was away. */
  readonly burstRows: number;
  readonly rowsPerSecond: number;
  /** Processes of the node that begin within an hour. */
  readonly epochsPerHour: number;
  readonly samplesPerMinute: number;
}

/** A node with 50,000 keys counts 5,000 rows a second. */
export const USUAL_PACE: Pace = {
  burstRows: 1_000_000,
  rowsPerSecond: 10_000,
  epochsPerHour: 1000,
  samplesPerMinute: 2000,
};

/** A slot takes as long as so many rows. */
const ROWS_OF_A_SLOT = 100;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** How much one node has sent. */
export class NodePace {
  readonly #pace: Pace;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #rows: number;
  #rowsAt: number;
  readonly #epochs = new Set<string>();
  #epochsSince: number;
  #samples = 0;
  #samplesSince: number;

  constructor(pace: Pace, clock: Pick<Clock, 'monotonic'>) {
    this.#pace = pace;
    this.#clock = clock;
    this.#rows = pace.burstRows;
    this.#rowsAt = this.#epochsSince = this.#samplesSince = clock.monotonic();
  }

  /** @returns for how many milliseconds nothing more may be read */
  slot(rows: number): number {
    const { burstRows, rowsPerSecond } = this.#pace;
    const now = this.#clock.monotonic();
    this.#rows = Math.min(burstRows, this.#rows + ((now - this.#rowsAt) / 1000) * rowsPerSecond);
    this.#rowsAt = now;
    this.#rows -= rows + ROWS_OF_A_SLOT;
    return this.#rows >= 0 ? 0 : (-this.#rows / rowsPerSecond) * 1000;
  }

  /** @returns false: more processes have begun than a node can have */
  epoch(epoch: string): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#epochsSince > HOUR_MS) {
      this.#epochs.clear();
      this.#epochsSince = now;
    }
    if (!this.#epochs.has(epoch) && this.#epochs.size >= this.#pace.epochsPerHour) return false;
    this.#epochs.add(epoch);
    return true;
  }

  /** @returns how many of so many samples may be taken */
  samples(count: number): number {
    const now = this.#clock.monotonic();
    if (now - this.#samplesSince > MINUTE_MS) {
      this.#samples = 0;
      this.#samplesSince = now;
    }
    const taken = Math.min(count, this.#pace.samplesPerMinute - this.#samples);
    this.#samples += taken;
    return taken;
  }
}
