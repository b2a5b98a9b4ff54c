import type { Clock } from '../clock.ts';
import type { CountedEvent } from './chain.ts';
import { NOBODY } from './event.ts';
import type { AuditEvent } from './event.ts';
import { TooManyEvents } from './trail.ts';

export interface Folded {
  /** For {@link Folding.forget}. */
  readonly key: string;
  /** To be kept at once; undefined: one like it was, and this is kept with the count at the window's end. */
  readonly event: CountedEvent | undefined;
}

interface Fold {
  readonly event: AuditEvent;
  /** Of {@link groupOf}. */
  readonly group: string;
  /** Milliseconds since the Unix epoch, when its window is over. */
  dueMs: number;
  /** Since the last one that is kept. */
  count: number;
  firstMs: number;
  lastMs: number;
}

const WINDOW_MS = 60_000;
/** Different events of one caller and action within a window; all strangers are one caller. */
const MOST_DIFFERENT = 100;
/** Reads that must not happen unseen: more are refused. What was done has a row, however much of it there is. */
const MOST_READS = 1000;
const TOGETHER = `more than ${MOST_DIFFERENT} different ones within a minute: counted together`;

/** Counts events that are the same within a window, so that a flood of calls is no flood of rows. */
export class Folding {
  readonly #clock: Clock;
  readonly #folds = new Map<string, Fold>();
  /** How many different ones there are, by action, outcome and caller. */
  readonly #different = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param mustShow what it was is kept, and not only that there was one more
   * @throws TooManyEvents where the caller has read too many different things for that
   */
  take(given: AuditEvent, mustShow = false): Folded {
    const at = this.#clock.now();
    const group = groupOf(given, mustShow);
    const { key, event } = this.#bounded(given, group, mustShow);
    const known = this.#folds.get(key);
    if (known !== undefined) {
      if (known.count === 0) known.firstMs = at;
      known.count += 1;
      known.lastMs = at;
      return { key, event: undefined };
    }
    this.#folds.set(key, { event, group, dueMs: at + WINDOW_MS, count: 0, firstMs: at, lastMs: at });
    this.#different.set(group, (this.#different.get(group) ?? 0) + 1);
    return { key, event: { ...event, count: 1, at, untilMs: at } };
  }

  /** Ends its window: what was counted until now. */
  end(key: string): CountedEvent | undefined {
    const fold = this.#folds.get(key);
    this.forget(key);
    if (fold === undefined || fold.count === 0) return undefined;
    return { ...fold.event, count: fold.count, at: fold.firstMs, untilMs: fold.lastMs };
  }

  /** The next one like it is the first. */
  forget(key: string): void {
    const fold = this.#folds.get(key);
    if (fold === undefined || !this.#folds.delete(key)) return;
    const { group } = fold;
    const rest = (this.#different.get(group) ?? 0) - 1;
    if (rest > 0) this.#different.set(group, rest);
    else this.#different.delete(group);
  }

  /** What was counted in windows that are over; `all`: in the others too. */
  due(all = false): readonly CountedEvent[] {
    const nowMs = this.#clock.now();
    const counted: CountedEvent[] = [];
    for (const [key, fold] of this.#folds) {
      // The clock may have been set back.
      if (!all && nowMs < fold.dueMs && nowMs > fold.dueMs - 2 * WINDOW_MS) continue;
      const { event, count, firstMs, lastMs } = fold;
      if (count === 0) {
        this.forget(key);
        continue;
      }
      counted.push({ ...event, count, at: firstMs, untilMs: lastMs });
      fold.count = 0;
      fold.dueMs = nowMs + WINDOW_MS;
    }
    return counted;
  }

  #bounded(event: AuditEvent, group: string, mustShow: boolean): { readonly key: string; readonly event: AuditEvent } {
    const { action, outcome, caller } = event;
    const key = JSON.stringify(event);
    const isRead = action.endsWith('.read');
    const most = !mustShow ? MOST_DIFFERENT : isRead ? MOST_READS : Infinity;
    if (this.#folds.has(key) || (this.#different.get(group) ?? 0) < most) return { key, event };
    if (mustShow) throw new TooManyEvents(action, most);
    const together = { action, outcome, caller: caller.name === '' ? NOBODY : caller, detail: { others: TOGETHER } };
    return { key: JSON.stringify(together), event: together };
  }
}

function groupOf({ action, outcome, caller }: AuditEvent, mustShow: boolean): string {
  return JSON.stringify([action, outcome, caller.name, mustShow]);
}
