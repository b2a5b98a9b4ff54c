import type { Answer, Outcome } from './check-client.ts';
import { place } from './placing.ts';
import type { Admission, Placing } from './placing.ts';
import type { Replica } from './mesh.ts';
import type { Counter, Line } from './scenario.ts';
import type { Interval, Timeline } from './timeline.ts';
import { sightingOf } from './windows.ts';
import type { Closing } from './windows.ts';

/** An answer, and who gave it. */
export interface Entry extends Answer {
  readonly replica: string;
  readonly pid: number;
}

interface Account {
  readonly counter: Counter;
  readonly admissions: Admission[];
  readonly sightings: Interval[];
  readonly closings: Closing[];
}

/** A placing, and the counter it is of. */
export interface Judged {
  readonly name: string;
  readonly placing: Placing;
  readonly faults: readonly string[];
}

/** All answers of a run, and what they charge to which counter. */
export class Ledger {
  readonly entries = new Map<Line, Entry[]>();
  readonly #accounts = new Map<string, Account>();
  readonly #timeline: Timeline;
  readonly #startedAt = performance.now();

  constructor(lines: readonly Line[], timeline: Timeline) {
    this.#timeline = timeline;
    for (const line of lines) this.entries.set(line, []);
  }

  note(line: Line, answer: Answer, { name: replica, process: { pid } }: Replica): void {
    this.entries.get(line)?.push({ ...answer, replica, pid });
    const interval = { from: answer.sentAt, until: answer.answeredAt };
    const told = line.counters.find(({ limits }) => limits.includes(answer.limit));
    for (const counter of line.counters) {
      const account = this.#account(counter, replica);
      if (counter === told) account.sightings.push(...seen(answer));
      if (answer.outcome === 'allowed' && !isUncounted(line, answer) && this.#isCharged(counter, interval)) {
        account.admissions.push({ ...interval, units: counter.unitsOf(answer.cost) });
      }
    }
  }

  /** The counters of a line were reset. */
  close(line: Line, closing: Closing): void {
    for (const counter of line.counters) this.#account(counter, '').closings.push(closing);
  }

  /** How often a line was answered so. */
  count(line: Line, outcome: Outcome): number {
    return this.of(line).filter((entry) => entry.outcome === outcome).length;
  }

  of(line: Line): readonly Entry[] {
    return this.entries.get(line) ?? [];
  }

  /** Units of a line admitted and counted. */
  admitted(line: Line): number {
    const admissions = this.of(line).filter((entry) => entry.outcome === 'allowed' && !isUncounted(line, entry));
    return admissions.reduce((sum, { cost }) => sum + cost, 0);
  }

  /** Of every counter whether what was admitted fits into its windows. */
  judge(): Judged[] {
    const run = { from: this.#startedAt, until: performance.now() };
    return [...this.#accounts].map(([name, { counter, admissions, sightings, closings }]) => {
      const mostDuring = (interval: Interval): number =>
        Math.max(0, ...this.#timeline.during(interval).map((state) => counter.limitIn(state) ?? 0));
      const { windowMs, isCalendar = false } = counter;
      const placing = place(admissions, sightings, { windowMs, isCalendar, closings, run, mostDuring });
      return { name, placing, faults: placing.faults.map((fault) => `${name}: ${fault}`) };
    });
  }

  /** For certain. */
  #isCharged(counter: Counter, interval: Interval): boolean {
    return this.#timeline.during(interval).every((state) => counter.limitIn(state) !== undefined);
  }

  #account(counter: Counter, replica: string): Account {
    const name = counter.isOfReplica === true ? `${counter.name} of ${replica}` : counter.name;
    let account = this.#accounts.get(name);
    if (account === undefined) {
      account = { counter, admissions: [], sightings: [], closings: [] };
      this.#accounts.set(name, account);
    }
    return account;
  }
}

/** With `onStoreFailure: allow` what is admitted without the store is told no quota. */
export function isUncounted({ onStoreFailure }: Line, { outcome, limit }: Answer): boolean {
  return onStoreFailure === 'allow' && outcome === 'allowed' && Number.isNaN(limit);
}

/** A window with nothing used is not open as far as the replica knows: its end is not told. */
function seen({ limit, remaining, sentAt, answeredAt, resetMs }: Answer): Interval[] {
  const sighting = remaining < limit ? sightingOf(sentAt, answeredAt, resetMs) : undefined;
  return sighting === undefined ? [] : [sighting];
}
