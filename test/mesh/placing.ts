import type { Interval } from './timeline.ts';
import { slotsOf } from './windows.ts';
import type { Slot, WindowRules } from './windows.ts';

// Whether admissions fit into windows: a proof, not an estimate.
//
// An admission whose interval touches one window only belongs to it. One that touches several (its answer was late,
// or it came where one window ends and the next begins) may belong to any of them, and so none is left out: the
// limits hold only if there is a way to give every unit to a window it may belong to, such that no window has more
// than its limit. The windows that an admission touches are neighbours, so the way is found, if there is one, by
// going through the windows in their order and giving each what must be given soonest. What remains when its last
// window has passed was admitted above the limits, wherever the decisions' instants lay.
//
// Windows that nobody was told of may lie anywhere; but a span of time touches at most two more of them than fit
// in it whole, and what was admitted in a span is at most what these may admit.
//
// Where limits change in the middle of a window, the units admitted in it by any moment are at most the limit
// in force at that moment; an admission that may belong elsewhere counts to the last of these.

export interface Admission extends Interval {
  readonly units: number;
}

export interface PlacingRules extends WindowRules {
  /** The highest limit that may be in force at some moment of the interval. */
  readonly mostDuring: (interval: Interval) => number;
}

export interface Placing {
  readonly faults: readonly string[];
  /** Admissions, and those of them that touch more than one window. */
  readonly admissions: number;
  readonly ambiguous: number;
  /** Windows that were told. */
  readonly windows: number;
  /** The most that one of them certainly admitted, as a part of its limit. */
  readonly fullest: number;
}

interface Placed {
  readonly admission: Admission;
  readonly first: number;
  readonly last: number;
}

export function place(admissions: readonly Admission[], sightings: readonly Interval[], rules: PlacingRules): Placing {
  const { slots, faults } = slotsOf(sightings, rules);
  const placed = admissions.map((admission) => rangeOf(admission, slots));
  const certain: Admission[][] = slots.map(() => []);
  for (const { admission, first, last } of placed) {
    if (first < 0) faults.push(`${admission.units} units were admitted while no window can have been open`);
    else if (first === last) certain[first]?.push(admission);
  }
  let fullest = 0;
  const capacities = slots.map((slot, k) => {
    if (slot.leasedUnits !== undefined) return slot.leasedUnits;
    const own = certain[k] as Admission[];
    if (slot.core === undefined) {
      faults.push(...overLimitInSpans(own, rules));
      return slot.count * rules.mostDuring(slot);
    }
    faults.push(...overLimit(own, rules));
    const lastFrom = Math.max(slot.from, ...own.map(({ from }) => from));
    const limit = rules.mostDuring({ from: lastFrom, until: Math.max(slot.until, lastFrom) });
    fullest = Math.max(fullest, own.reduce((sum, { units }) => sum + units, 0) / limit);
    return limit;
  });
  const left = unplaced(placed, capacities);
  if (left.units > 0) {
    faults.push(
      `${left.units} units above the limit, about ${Math.round(left.at - rules.run.from)} ms after the start`,
    );
  }
  return {
    faults,
    admissions: admissions.length,
    ambiguous: placed.filter(({ first, last }) => first !== last).length,
    windows: slots.filter(({ core }) => core !== undefined).length,
    fullest,
  };
}

/** The slots that an admission touches. */
function rangeOf(admission: Admission, slots: readonly Slot[]): Placed {
  const inCore = slots.findIndex(
    ({ core }) => core !== undefined && core.from <= admission.from && admission.until <= core.until,
  );
  if (inCore >= 0) return { admission, first: inCore, last: inCore };
  const touches = (slot: Slot): boolean => slot.from <= admission.until && admission.from <= slot.until;
  return { admission, first: slots.findIndex(touches), last: slots.findLastIndex(touches) };
}

/** Of admissions to one window: by each of them, those before it are counted. */
function overLimit(own: readonly Admission[], { mostDuring, run }: PlacingRules): string[] {
  const byEnd = own.toSorted((a, b) => a.until - b.until);
  let before = 0;
  let ended = 0;
  for (const admission of own.toSorted((a, b) => a.from - b.from)) {
    for (; ended < byEnd.length && (byEnd[ended] as Admission).until < admission.from; ended++) {
      before += (byEnd[ended] as Admission).units;
    }
    const limit = mostDuring(admission);
    if (before + admission.units > limit) {
      const at = Math.round(admission.from - run.from);
      return [`${before + admission.units} of ${limit} were admitted in one window, ${at} ms after the start`];
    }
  }
  return [];
}

/** Of admissions to windows that nobody was told of: a span of time touches only so many windows. */
function overLimitInSpans(own: readonly Admission[], { mostDuring, run, windowMs }: PlacingRules): string[] {
  const byEnd = own.toSorted((a, b) => a.until - b.until);
  for (const { from } of own) {
    let units = 0;
    for (const one of byEnd) {
      if (one.from < from) continue;
      units += one.units;
      const limit = mostDuring({ from, until: one.until }) * (Math.floor((one.until - from) / windowMs) + 2);
      if (units > limit) {
        const at = Math.round(from - run.from);
        return [`${units} units in ${Math.round(one.until - from)} ms, ${at} ms after the start: above ${limit}`];
      }
    }
  }
  return [];
}

/** Fills the slots in their order, each with what must leave soonest. What is left fits nowhere. */
function unplaced(placed: readonly Placed[], capacities: readonly number[]): { units: number; at: number } {
  const waiting = placed
    .filter(({ first }) => first >= 0)
    .map(({ admission, first, last }) => ({ admission, first, last, left: admission.units }))
    .sort((a, b) => a.last - b.last || a.first - b.first);
  const over = { units: 0, at: 0 };
  let remaining = waiting;
  capacities.forEach((capacity, k) => {
    let room = capacity;
    for (const one of remaining) {
      if (room === 0) break;
      if (one.first > k) continue;
      const taken = Math.min(room, one.left);
      one.left -= taken;
      room -= taken;
    }
    for (const { last, left, admission } of remaining) {
      if (last > k || left === 0) continue;
      over.at = admission.from;
      over.units += left;
    }
    remaining = remaining.filter(({ last, left }) => last > k && left > 0);
  });
  return over;
}
