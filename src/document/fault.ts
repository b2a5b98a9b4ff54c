import type { Fault } from '../errors.ts';

/** More faults than an author would read; the rest is counted. */
const MAX_FAULTS = 1000;

/** One line: `file:line:column: severity: field: message`, without the parts a fault does not have. */
export function formatFault(fault: Fault): string {
  const place = fault.line > 0 ? `${fault.file}:${fault.line}:${fault.column}` : fault.file;
  return [place, fault.severity, fault.field, fault.message]
    .filter((part) => part !== undefined && part !== '')
    .join(': ');
}

/** The most faults of one reload in the log and in GetSnapshot; `ostiary validate` shows more. */
export const MAX_TOLD_FAULTS = 100;

const MORE = '…';

/** The first faults, and one more that says how many others there are. */
export function firstFaults(faults: readonly Fault[], maximum: number): readonly Fault[] {
  if (faults.length <= maximum) return faults;
  const [last] = faults.slice(-1);
  // What was counted already stands for itself and for many.
  const counted = last?.file === MORE ? Number(/\d+/.exec(last.message)?.[0]) - 1 : 0;
  return [...faults.slice(0, maximum), moreFaults(faults.length - maximum + counted)];
}

function moreFaults(count: number): Fault {
  return {
    file: MORE,
    line: 0,
    column: 0,
    field: '',
    message: `and ${count} more ${count === 1 ? 'fault' : 'faults'}`,
  };
}

/** Collects the faults of one load. */
export class Faults {
  readonly #own: Fault[] = [];
  /** References that lead nowhere: one broken file can leave thousands, and none of them is its fault. */
  readonly #dangling: Fault[] = [];
  readonly #places = new Set<object>();
  readonly #rivals = new Set<object>();
  #dropped = 0;

  /** Where the documents stand that have faults: as they were given with {@link blame}. */
  get places(): ReadonlySet<object> {
    return this.#places;
  }

  /** A document has a fault. @param place of it, the object itself */
  blame(place: object): void {
    this.#places.add(place);
  }

  /** Where documents stand that have no fault, but cannot hold together with one that has. */
  get rivals(): ReadonlySet<object> {
    return this.#rivals;
  }

  /** A document that has a fault excludes this one: which of the two is wanted, nobody can say. */
  addRival(place: object): void {
    this.#rivals.add(place);
  }

  get none(): boolean {
    return this.#own.length === 0 && this.#dangling.length === 0;
  }

  /** Takes a function, since to find the place of a fault costs much more than to count it. */
  add(fault: () => Fault): void {
    this.#addTo(this.#own, fault);
  }

  /** As {@link add}, for a reference that leads nowhere. */
  addDangling(fault: () => Fault): void {
    this.#addTo(this.#dangling, fault);
  }

  /**
   * By file and place, so that two loads of the same files say the same. References that lead nowhere come last:
   * what they name may stand in a document with a fault of its own.
   */
  sorted(): readonly Fault[] {
    const sorted = [...this.#own.toSorted(byPlace), ...this.#dangling.toSorted(byPlace)];
    const dropped = this.#dropped + Math.max(0, sorted.length - MAX_FAULTS);
    return dropped === 0 ? sorted : [...sorted.slice(0, MAX_FAULTS), moreFaults(dropped)];
  }

  #addTo(list: Fault[], fault: () => Fault): void {
    if (list.length >= MAX_FAULTS) this.#dropped++;
    else list.push(fault());
  }
}

function byPlace(a: Fault, b: Fault): number {
  return compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.field, b.field);
}

/** The fault for a failure that no document can explain. */
export function unexpectedFault(error: unknown): Fault {
  const message = `unexpected failure while loading, please report it: ${String(error)}`;
  return { file: 'ostiary', line: 0, column: 0, field: '', message };
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
