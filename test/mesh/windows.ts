import type { Interval } from './timeline.ts';

// What answers prove about windows.
//
// A caller sees only when it sent a Check and when the answer came; the instant of the decision lies somewhere
// between. At that instant the window that was charged was open: a lease dies before its window does, and an exact
// decision charges the window that Redis had open while the call was under way. So an admission belongs to a
// window that is open at some instant of the admission's interval.
//
// Windows of a counter never overlap. An answer that tells `resetMs` proves more: its window was open when it was
// answered and stays open until `sentAt + resetMs` at least (what is told is counted from before Redis was asked,
// so that it errs towards "too early"). That is a sighting. Two sightings that overlap are of one window, since two
// windows can't be open at once; joined, they make the window's core: the time in which it was open for certain.
// A busy counter's core is the whole window less a few milliseconds, and whatever lies in it belongs to it.
//
// A window lasts its whole length. So a core tells when its window can have begun and ended, its neighbours narrow
// that down, and a window that nobody was told of fits in only where they leave room for a whole one.

/** A reset: windows open before are closed, and leases debited from them die. */
export interface Closing extends Interval {
  /** What dead leases may still admit, and until when. */
  readonly leasedUnits: number;
  readonly leasedUntil: number;
}

/** One window, or several that nobody was told of. */
export interface Slot extends Interval {
  /** Windows in it. */
  readonly count: number;
  /** It was open throughout; absent for windows that nobody was told of. */
  readonly core?: Interval;
  /** Not windows, but what leases of a closed window may admit. */
  readonly leasedUnits?: number;
}

export interface WindowRules {
  readonly windowMs: number;
  readonly isCalendar: boolean;
  readonly closings: readonly Closing[];
  /** All that was sent and answered. */
  readonly run: Interval;
}

/** Clocks of processes are read to the millisecond, and may drift by this part. */
const ROUNDING_MS = 2;
const DRIFT = 0.001;

/** What an answer proves that tells its window's end. */
export function sightingOf(sentAt: number, answeredAt: number, resetMs: number): Interval | undefined {
  const until = sentAt + resetMs * (1 - DRIFT) - ROUNDING_MS;
  return until > answeredAt ? { from: answeredAt, until } : undefined;
}

/** The windows of one counter in their order, and what is wrong with them. */
export function slotsOf(sightings: readonly Interval[], rules: WindowRules): { slots: Slot[]; faults: string[] } {
  if (rules.isCalendar) return { slots: minutes(rules), faults: [] };
  const faults: string[] = [];
  const slots: Slot[] = [];
  const { run, windowMs, closings } = rules;
  let from = run.from;
  for (let era = 0; era <= closings.length; era++) {
    const before = closings[era - 1];
    const after = closings[era];
    const inEra = sightings.flatMap((sighting): Interval[] => {
      if (before !== undefined && sighting.from <= before.leasedUntil) return [];
      if (after === undefined || sighting.until <= after.from) return [sighting];
      return sighting.from < after.from ? [{ from: sighting.from, until: after.from }] : [];
    });
    const cores = coresOf(inEra);
    for (const core of cores) {
      if (core.until - core.from > windowMs * (1 + DRIFT) + ROUNDING_MS) {
        faults.push(`a window of ${windowMs} ms was told to be open for ${Math.round(core.until - core.from)} ms`);
      }
    }
    const inOrder = eraSlots(cores, { from, until: after?.until ?? run.until }, windowMs);
    slots.push(...inOrder.slots);
    faults.push(...inOrder.faults);
    if (after !== undefined) {
      slots.push({ from: after.from, until: after.leasedUntil, count: 0, leasedUnits: after.leasedUnits });
      from = after.from;
    }
  }
  return { slots, faults };
}

/** Joins sightings that overlap. */
function coresOf(sightings: readonly Interval[]): Interval[] {
  const cores: { from: number; until: number }[] = [];
  for (const { from, until } of sightings.toSorted((a, b) => a.from - b.from)) {
    const last = cores.at(-1);
    if (last !== undefined && from < last.until) last.until = Math.max(last.until, until);
    else cores.push({ from, until });
  }
  return cores;
}

/** A core, and the earliest that its window can have begun. */
interface Seen extends Interval {
  readonly earliest: number;
}

function eraSlots(cores: readonly Interval[], era: Interval, windowMs: number): { slots: Slot[]; faults: string[] } {
  const longest = windowMs * (1 + DRIFT) + ROUNDING_MS;
  const shortest = windowMs * (1 - DRIFT) - ROUNDING_MS;
  const { seen, faults } = toldApart(cores, era, longest, shortest);
  const latest: number[] = [];
  for (let k = seen.length - 1; k >= 0; k--) {
    const { from, earliest } = seen[k] as Seen;
    const other = seen.findIndex(({ until }, m) => m > k && until - from > longest);
    latest[k] = Math.max(earliest, Math.min(from, (latest[other] ?? Infinity) - shortest));
  }
  const slots: Slot[] = [];
  const unseen = (from: number, until: number, isLast: boolean): void => {
    const count = Math.floor(Math.max(0, until - from + ROUNDING_MS) / shortest) + (isLast ? 1 : 0);
    if (count > 0 && until > from) slots.push({ from, until, count });
  };
  let ended = era.from;
  seen.forEach(({ from, until, earliest }, k) => {
    const begun = latest[k] as number;
    unseen(ended, begun, false);
    const closed = Math.min(begun + longest, Math.max(era.until, until));
    slots.push({ from: earliest - ROUNDING_MS, until: closed + ROUNDING_MS, count: 1, core: { from, until } });
    ended = Math.max(until, earliest + shortest);
  });
  unseen(ended, era.until, true);
  return { slots, faults };
}

/**
 * Cores that one window is too short for are of different windows. Those between which there is no room for the rest
 * of the first one's window are of the same. Where neither is certain they count as two, which is the milder.
 */
function toldApart(cores: readonly Interval[], era: Interval, longest: number, shortest: number) {
  const faults: string[] = [];
  const seen: Seen[] = [];
  for (const { from, until } of cores) {
    const other = seen.findLast((before) => until - before.from > longest);
    const earliest = Math.max(until - longest, era.from, other === undefined ? -Infinity : other.earliest + shortest);
    const last = seen.at(-1);
    if (last !== undefined && last !== other && last.earliest + shortest > from) {
      seen[seen.length - 1] = { from: last.from, until, earliest: Math.max(last.earliest, until - longest) };
      continue;
    }
    if (earliest > from + ROUNDING_MS) {
      faults.push(`a window was open ${Math.round(earliest - from)} ms before the one before it can have ended`);
    }
    seen.push({ from, until, earliest: Math.min(earliest, from) });
  }
  return { seen, faults };
}

/** Minutes of the clock need no sighting. */
function minutes({ run, windowMs }: WindowRules): Slot[] {
  const wall = Date.now() - performance.now();
  const slots: Slot[] = [];
  for (let n = Math.floor((run.from + wall) / windowMs); n * windowMs - wall <= run.until; n++) {
    const [from, until] = [n * windowMs - wall, (n + 1) * windowMs - wall];
    const core = { from: from + ROUNDING_MS, until: until - ROUNDING_MS };
    slots.push({ from: from - ROUNDING_MS, until: until + ROUNDING_MS, count: 1, core });
  }
  return slots;
}
