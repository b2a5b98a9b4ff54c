import type { Answer } from './check-client.ts';
import type { Driven } from './shop.ts';

/**
 * An answer tells when its window ends. What it tells is wrong by at most the time the answer took, and by the
 * time that the call took which last asked Redis. Of slower answers than this nobody knows their window: they are
 * left out, so that no window is found to have more than it had.
 */
const SLOW_MS = 150;
/** Ends that are told this close together are of one window: windows end at least a second apart. */
const SAME_END_MS = 300;

/** What the answers alone prove about one contract. */
export class Ledger {
  readonly driven: Driven;
  readonly #allowed: Answer[] = [];
  readonly counts: Record<Answer['outcome'], number> = {
    allowed: 0,
    refused: 0,
    unavailable: 0,
    lost: 0,
    late: 0,
    other: 0,
  };

  constructor(driven: Driven) {
    this.driven = driven;
  }

  note(answer: Answer): void {
    this.counts[answer.outcome] += 1;
    if (answer.outcome === 'allowed') this.#allowed.push(answer);
  }

  /** Units admitted in all. */
  get admitted(): number {
    return this.#allowed.reduce((sum, { cost }) => sum + cost, 0);
  }

  /** Units admitted by answers from this moment on. */
  admittedSince(moment: number): number {
    return this.#allowed.reduce((sum, { cost, answeredAt }) => (answeredAt >= moment ? sum + cost : sum), 0);
  }

  /** The most units admitted in one window, told apart by the end that each answer names. */
  get mostInAWindow(): number {
    const ends = this.#allowed
      .filter(({ sentAt, answeredAt }) => answeredAt - sentAt < SLOW_MS)
      .map(({ answeredAt, resetMs, cost }) => ({ end: answeredAt + resetMs, cost }))
      .sort((a, b) => a.end - b.end);
    let most = 0;
    let start = -Infinity;
    let units = 0;
    for (const { end, cost } of ends) {
      if (end - start > SAME_END_MS) {
        start = end;
        units = 0;
      }
      units += cost;
      most = Math.max(most, units);
    }
    return most;
  }

  /** Every promise that the answers break. */
  faults(): string[] {
    const { client, api, limit, total } = this.driven;
    const name = `${client} at ${api}`;
    const faults = [];
    if (this.admitted > total) faults.push(`${name}: ${this.admitted} of ${total} admitted`);
    if (!Number.isNaN(limit) && this.mostInAWindow > limit) {
      faults.push(`${name}: ${this.mostInAWindow} of ${limit} admitted in one window`);
    }
    if (this.counts.late > 0) faults.push(`${name}: ${this.counts.late} Checks were not answered in time`);
    if (this.counts.other > 0) faults.push(`${name}: ${this.counts.other} unexpected answers`);
    if (this.#allowed.some(({ remaining }) => remaining < 0)) faults.push(`${name}: a negative remainder was told`);
    return faults;
  }
}
