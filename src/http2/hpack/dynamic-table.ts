import type { HeaderField } from '../header-field.ts';

/** The dynamic table of RFC 7541, 2.3.2: a ring, newest first, evicting from its end. */
export class DynamicTable {
  readonly #ring: (HeaderField | undefined)[];
  readonly #mask: number;
  #newest = 0;
  #count = 0;
  #octets = 0;
  #capacity: number;

  /** @param limit octets, by the RFC's measure, that the table may ever hold */
  constructor(limit: number) {
    // An entry counts for at least 32 octets, which bounds how many there are.
    let slots = 2;
    while (slots < limit / 32) slots *= 2;
    this.#ring = Array.from({ length: slots }, () => undefined);
    this.#mask = slots - 1;
    this.#capacity = limit;
  }

  /** @param position 0 is the newest entry. @returns undefined if there is none. */
  at(position: number): HeaderField | undefined {
    return position < this.#count ? this.#ring[(this.#newest - position) & this.#mask] : undefined;
  }

  get length(): number {
    return this.#count;
  }

  insert(field: HeaderField): void {
    // RFC 7541, 4.4: an entry larger than the table empties it, and is no error.
    this.#evictTo(this.#capacity - field.size);
    if (field.size > this.#capacity) return;
    this.#newest = (this.#newest + 1) & this.#mask;
    this.#ring[this.#newest] = field;
    this.#count++;
    this.#octets += field.size;
  }

  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#evictTo(capacity);
  }

  #evictTo(octets: number): void {
    while (this.#count > 0 && this.#octets > octets) {
      const oldest = (this.#newest - this.#count + 1) & this.#mask;
      this.#octets -= this.#ring[oldest]!.size;
      this.#ring[oldest] = undefined;
      this.#count--;
    }
  }
}
