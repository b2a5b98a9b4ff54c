import { familyOf, isShadow } from '../quota/family.ts';
import { TooManyKeys } from '../quota/store.ts';

// The counters of one memory, by key. Memory is bounded by the number of keys that callers choose; the others are
// as many as the configuration says. A policy may add a chosen key only while it has fewer of them than there are
// free places, so one flood ends at half of the places, the next at half of what is left, and whoever comes
// after it still finds room. In shadow mode it ends at a fifth.
//
// Each new counter looks at a few old ones in turn and forgets those that have ended, so that the table empties
// itself without a timer. A running window is never forgotten: that would hand out its quota twice.

const LOOK_AT = 4;
const WHOLE_SWEEP_MS = 1000;
const SHADOW_PART = 4;

export class CounterTable<Counter> {
  readonly #maxChosen: number;
  readonly #counters = new Map<string, Counter>();
  /** How many chosen keys each API and policy has. */
  readonly #families = new Map<string, number>();
  #chosen = 0;
  #sweep: Iterator<[string, Counter]> = this.#counters.entries();
  #sweptAt = -Infinity;

  constructor(maxChosen: number) {
    this.#maxChosen = maxChosen;
  }

  get size(): number {
    return this.#counters.size;
  }

  /** How many keys in it callers have chosen. */
  get chosen(): number {
    return this.#chosen;
  }

  get(key: string): Counter | undefined {
    return this.#counters.get(key);
  }

  /** Adds a counter for which there is room, by {@link makeRoom}. */
  add(key: string, counter: Counter): void {
    this.#counters.set(key, counter);
    this.#count(key, 1);
  }

  delete(key: string): void {
    if (this.#counters.delete(key)) this.#count(key, -1);
  }

  /**
   * Makes room for those of one request's counters that are new; the others stay.
   * @param mono monotonic milliseconds
   * @param hasEnded whether nothing in a counter counts any more
   * @throws TooManyKeys where one of them does not fit
   */
  makeRoom(keys: readonly string[], mono: number, hasEnded: (counter: Counter) => boolean): void {
    const fresh = keys.filter((key) => !this.#counters.has(key));
    for (let i = 0; i < LOOK_AT * fresh.length; i++) {
      const { value, done } = this.#sweep.next();
      if (done === true) {
        this.#sweep = this.#counters.entries();
        break;
      }
      if (hasEnded(value[1]) && !keys.includes(value[0])) this.delete(value[0]);
    }
    if (this.#lacksRoom(fresh) === undefined) return;
    if (mono - this.#sweptAt >= WHOLE_SWEEP_MS) {
      this.#sweptAt = mono;
      for (const [key, counter] of this.#counters) if (hasEnded(counter) && !keys.includes(key)) this.delete(key);
    }
    const family = this.#lacksRoom(fresh);
    if (family === undefined) return;
    const held = this.#families.get(family) ?? 0;
    throw new TooManyKeys(
      `${held} keys of ${family} have running windows, and ${this.#chosen} of at most ${this.#maxChosen} places for keys that callers choose (--max-counters) are taken`,
    );
  }

  /** The family whose new counter does not fit. */
  #lacksRoom(fresh: readonly string[]): string | undefined {
    let free = this.#maxChosen - this.#chosen;
    for (const key of fresh) {
      const family = familyOf(key);
      if (family === undefined) continue;
      const held = this.#families.get(family) ?? 0;
      if (held >= (isShadow(family) ? free / SHADOW_PART : free)) return family;
      free -= 1;
    }
    return undefined;
  }

  #count(key: string, change: 1 | -1): void {
    const family = familyOf(key);
    if (family === undefined) return;
    this.#chosen += change;
    const count = (this.#families.get(family) ?? 0) + change;
    if (count === 0) this.#families.delete(family);
    else this.#families.set(family, count);
  }
}
