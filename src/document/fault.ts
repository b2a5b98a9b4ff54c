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

/** Of one reload, in the log and in GetSnapshot; `ostiary validate` tells more. */
export const MAX_TOLD_FAULTS = 100;

/** The first faults, and in place of the others one that says how many there are. */
export function firstFaults(faults: readonly Fault[], maximum: number): readonly Fault[] {
  if (faults.length <= maximum) return faults;
  const [last] = faults.slice(-1);
  // What was counted already stands for itself and for many.
  const counted = last?.file === MORE ? Number(/\d+/.exec(last.message)?.[0]) - 1 : 0;
  return [...faults.slice(0, maximum), moreFaults(faults.length - maximum + counted)];
}

const MORE = '…';

function moreFaults(count: number): Fault {
  return { file: MORE, line: 0, column: 0, field: '', message: `and ${count} more faults` };
}

/** Collects the faults of one load. */
export class Faults {
  readonly #faults: Fault[] = [];
  #dropped = 0;

  get full(): boolean {
    return this.#faults.length >= MAX_FAULTS;
  }

  get none(): boolean {
    return this.#faults.length === 0;
  }

  /** Takes a function, since to find the place of a fault costs much more than to count it. */
  add(fault: () => Fault): void {
    if (this.full) this.#dropped++;
    else this.#faults.push(fault());
  }

  /** By file and place, so that two loads of the same files say the same. */
  sorted(): readonly Fault[] {
    const sorted = this.#faults.toSorted(
      (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.field, b.field),
    );
    if (this.#dropped > 0) sorted.push(moreFaults(this.#dropped));
    return sorted;
  }
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
