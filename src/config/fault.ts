import type { Fault } from '../errors.ts';

/** More faults than an author would read; the rest is counted. */
const MAX_FAULTS = 1000;

/** One line: `file:line:column: field: message`, without the parts a fault does not have. */
export function formatFault(fault: Fault): string {
  const place = fault.line > 0 ? `${fault.file}:${fault.line}:${fault.column}` : fault.file;
  return [place, fault.field, fault.message].filter((part) => part !== '').join(': ');
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
    if (this.#dropped > 0) {
      sorted.push({ file: '…', line: 0, column: 0, field: '', message: `and ${this.#dropped} more faults` });
    }
    return sorted;
  }
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
