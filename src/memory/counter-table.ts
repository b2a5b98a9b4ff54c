import { TooManyKeys } from '../quota/store.ts';
import type { Keyspace } from '../quota/store.ts';

// The counters of one memory, by key. The bound applies to keys that callers choose; the configuration determines the
// number of all others. A policy may add a chosen key only while it has fewer of them than there are free places. So
// one flood ends at half of the places, the next at half of the rest, and later policies still find room. In shadow
// mode a policy gets at most a fifth.
//
// Each new counter checks a few old ones in turn and removes those that have ended, so that the table empties itself
// without a timer. An open window is never removed: that would grant its quota twice.

const LOOK_AT = 4;
const WHOLE_SWEEP_MS = 1000;
const SHADOW_PART = 4;

/** What a table asks of a counter. */
export interface Tabled {
  /** Absent: callers did not choose its key. */
  readonly keyspace: Keyspace | undefined;
}

/** A counter to be created, with its keyspace. */
export interface CounterKey extends Partial<Tabled> {
  readonly key: string;
}

export class CounterTable<Counter extends Tabled> {
  readonly #maxChosen: number;
  readonly #counters = new Map<string, Counter>();
  /** By their names, with the number of their keys. */
  readonly #keyspaces = new Map<string, { readonly keyspace: Keyspace; keys: number }>();
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

  /** The one object for a keyspace while it has keys: keyspaces in messages are new objects each time. */
  shared(keyspace: Keyspace | undefined): Keyspace | undefined {
    return keyspace === undefined ? undefined : (this.#keyspaces.get(keyspace.name)?.keyspace ?? keyspace);
  }

  /** Adds a counter for which there is room, by {@link makeRoom}. */
  add(key: string, counter: Counter): void {
    this.#counters.set(key, counter);
    this.#count(counter, 1);
  }

  delete(key: string): void {
    const counter = this.#counters.get(key);
    if (counter !== undefined && this.#counters.delete(key)) this.#count(counter, -1);
  }

  /**
   * Makes room for the new counters of one request, and keeps its other counters.
   * @param mono monotonic milliseconds
   * @param hasEnded whether nothing in a counter counts any more
   * @throws TooManyKeys if one of them does not fit
   */
  makeRoom(wanted: readonly CounterKey[], mono: number, hasEnded: (counter: Counter) => boolean): void {
    const fresh = wanted.filter(({ key }) => !this.#counters.has(key));
    const isWanted = (key: string): boolean => wanted.some((one) => one.key === key);
    for (let i = 0; i < LOOK_AT * fresh.length; i++) {
      const { value, done } = this.#sweep.next();
      if (done === true) {
        this.#sweep = this.#counters.entries();
        break;
      }
      if (hasEnded(value[1]) && !isWanted(value[0])) this.delete(value[0]);
    }
    if (this.#lacksRoom(fresh) === undefined) return;
    if (mono - this.#sweptAt >= WHOLE_SWEEP_MS) {
      this.#sweptAt = mono;
      for (const [key, counter] of this.#counters) if (hasEnded(counter) && !isWanted(key)) this.delete(key);
    }
    const keyspace = this.#lacksRoom(fresh);
    if (keyspace === undefined) return;
    throw new TooManyKeys(
      `${this.#keysIn(keyspace)} keys of ${keyspace.name} have running windows, and ${this.#chosen} of at most ${this.#maxChosen} places for keys that callers choose (--max-counters) are taken`,
    );
  }

  /** The keyspace whose new counter does not fit. */
  #lacksRoom(fresh: readonly CounterKey[]): Keyspace | undefined {
    let free = this.#maxChosen - this.#chosen;
    for (const { keyspace } of fresh) {
      if (keyspace === undefined) continue;
      const has = this.#keysIn(keyspace);
      if (has >= (keyspace.isShadow ? free / SHADOW_PART : free)) return keyspace;
      free -= 1;
    }
    return undefined;
  }

  #count({ keyspace }: Counter, change: 1 | -1): void {
    if (keyspace === undefined) return;
    this.#chosen += change;
    let entry = this.#keyspaces.get(keyspace.name);
    if (entry === undefined) this.#keyspaces.set(keyspace.name, (entry = { keyspace, keys: 0 }));
    entry.keys += change;
    if (entry.keys === 0) this.#keyspaces.delete(keyspace.name);
  }

  #keysIn({ name }: Keyspace): number {
    return this.#keyspaces.get(name)?.keys ?? 0;
  }
}
