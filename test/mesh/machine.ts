import { readFileSync } from 'node:fs';
import type { Interval } from './timeline.ts';

// How late a busy machine makes everyone. The kernel counts for how long each process was ready to run and had no
// core (`schedstat`): in that time it could not answer, whatever it is. Time in which a replica did run is its own.
// This process is busy with other answers too; when its event loop did not turn, it could neither send nor read.

const TICK_MS = 5;

interface Sample {
  readonly at: number;
  readonly waitedMs: number;
}

/** Notes for how long processes waited for a core. */
export class Machine {
  readonly #waits = new Map<number, Sample[]>();
  readonly #turns: Interval[] = [];
  readonly #timer: NodeJS.Timeout;

  /** @param pids of the processes to look at, at each time */
  constructor(pids: () => readonly number[]) {
    let before = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      if (now - before > 2 * TICK_MS) this.#turns.push({ from: before + TICK_MS, until: now });
      before = now;
      for (const pid of pids()) this.#look(pid, now);
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Milliseconds of an interval in which this process did not look at what came. */
  blindMs({ from, until }: Interval): number {
    let sum = 0;
    for (let i = firstAfter(this.#turns, from, (turn) => turn.until); i < this.#turns.length; i++) {
      const turn = this.#turns[i] as Interval;
      if (turn.from >= until) break;
      sum += Math.min(turn.until, until) - Math.max(turn.from, from);
    }
    return sum;
  }

  /** Milliseconds in an interval for which a process waited for a core. */
  waitedMs(pid: number, { from, until }: Interval): number {
    const samples = this.#waits.get(pid) ?? [];
    const first = samples[Math.max(0, firstAfter(samples, from, ({ at }) => at) - 1)];
    const last =
      samples[
        Math.min(
          samples.length - 1,
          firstAfter(samples, until, ({ at }) => at),
        )
      ];
    return (last?.waitedMs ?? 0) - (first?.waitedMs ?? 0);
  }

  /** The most that any of the processes waited for a core, and this one was blind, in an interval. */
  mostMs(interval: Interval): number {
    return this.blindMs(interval) + Math.max(0, ...[...this.#waits.keys()].map((pid) => this.waitedMs(pid, interval)));
  }

  #look(pid: number, at: number): void {
    try {
      const [, waitedNs = '0'] = readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ');
      const samples = this.#waits.get(pid) ?? [];
      samples.push({ at, waitedMs: Number(waitedNs) / 1e6 });
      this.#waits.set(pid, samples);
    } catch {
      // It has ended, or this kernel tells nothing.
    }
  }
}

function firstAfter<T>(list: readonly T[], moment: number, momentOf: (item: T) => number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (momentOf(list[middle] as T) < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
