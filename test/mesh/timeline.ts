import type { State } from './scenario.ts';

/** Monotonic milliseconds of this process; what happened lies somewhere within. */
export interface Interval {
  readonly from: number;
  readonly until: number;
}

interface Version {
  readonly state: State;
  /** When its writing began: no replica had it before. */
  readonly from: number;
  /** When every replica had it. */
  by: number;
}

/** Which documents were in force when. */
export class Timeline {
  readonly #versions: Version[];

  constructor(first: State) {
    this.#versions = [{ state: first, from: -Infinity, by: -Infinity }];
  }

  get now(): State {
    return (this.#versions.at(-1) as Version).state;
  }

  /** Documents are about to be written. Returns what to call when every replica has them. */
  change(state: State): () => void {
    const version = { state, from: performance.now(), by: Infinity };
    this.#versions.push(version);
    return () => void (version.by = performance.now());
  }

  /** The states that a replica may have had at some moment of the interval. */
  during({ from, until }: Interval): State[] {
    return this.#versions
      .filter((version, i) => version.from <= until && (this.#versions[i + 1]?.by ?? Infinity) >= from)
      .map(({ state }) => state);
  }
}
