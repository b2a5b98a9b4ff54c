import type { Cube } from '../rollup/cube.ts';
import type { Measured } from '../rollup/slot-table.ts';
import type { Entry } from './entry.ts';
import type { RequestKey } from './request-key.ts';

/** Counts requests that have ended in slots. */
export class CubeFeed {
  readonly #cube: () => Cube | undefined;
  /** Written anew for each request. */
  readonly #measured: Measured = {
    count: 1,
    requestBytes: 0,
    responseBytes: 0,
    policyMs: 0,
    durationMs: undefined,
  };

  /** @param cube undefined as long as nobody takes slots */
  constructor(cube: () => Cube | undefined) {
    this.#cube = cube;
  }

  get isWanted(): boolean {
    return this.#cube() !== undefined;
  }

  /** To be called before the entries that have come together are counted. */
  tick(): void {
    this.#cube()?.tick();
  }

  /** @param key as it was read of the entry */
  ended(entry: Entry, { texts }: RequestKey): void {
    const cube = this.#cube();
    if (cube === undefined) return;
    const measured = this.#measured;
    const { durationMs, checkMs } = entry;
    measured.requestBytes = entry.requestHeaderBytes + entry.requestBodyBytes;
    measured.responseBytes = entry.responseHeaderBytes + entry.responseBodyBytes;
    measured.policyMs = Number.isNaN(checkMs) ? 0 : checkMs;
    measured.durationMs = Number.isNaN(durationMs) ? undefined : durationMs;
    cube.add(texts, measured);
  }
}
