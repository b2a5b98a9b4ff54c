import type { SharedFamily } from './exposition.ts';

/** Which series one process asks another for. */
export interface SeriesPlace {
  /** Its place among the families. */
  readonly family: number;
  /** The first series. */
  readonly row: number;
  /** Of this many series of the family the labels are known. */
  readonly known: number;
}

/** Some series of a family, as one process tells another. */
export interface SeriesPart {
  /** How many series the family has. */
  readonly size: number;
  /** How many families there are; none, and no part, where nothing was counted. */
  readonly families: number;
  /** Label values: of those series of the part that were not known. */
  readonly keys: readonly (readonly string[])[];
  /** One after the other, as many for each as the family has. */
  readonly numbers: readonly number[];
}

/** Another process that has the same families. */
export interface SeriesSource {
  /** Undefined: it does not answer. */
  series(place: SeriesPlace): Promise<SeriesPart | undefined>;
}

/** What is made into one message: a millisecond's work at both ends. */
const MOST_NUMBERS = 10_000;

export function partOf(families: readonly SharedFamily[], { family: at, row: from, known }: SeriesPlace): SeriesPart {
  const family = families[at];
  if (family === undefined) return { size: 0, families: families.length, keys: [], numbers: [] };
  const { size, numbersEach } = family;
  const to = Math.min(size, from + Math.max(1, Math.floor(MOST_NUMBERS / numbersEach)));
  const keys: (readonly string[])[] = [];
  const numbers: number[] = [];
  for (let row = from; row < to; row++) {
    if (row >= known) keys.push(family.keyOf(row));
    const own = family.numbersOf(row);
    for (let place = 0; place < numbersEach; place++) numbers.push(own[place] ?? 0);
  }
  return { size, families: families.length, keys, numbers };
}

/**
 * The families of several processes, added up. Labels are told once: they take most of the time, and series keep their
 * rows.
 */
export class MergedFamilies {
  readonly #load: () => Promise<readonly SharedFamily[]>;
  /** By source, then by family: our row of each of its series. */
  readonly #rows = new WeakMap<SeriesSource, number[][]>();
  #loading: Promise<readonly SharedFamily[]> | undefined;

  /** @param load makes families in which nothing is counted; called when another process has some */
  constructor(load: () => Promise<readonly SharedFamily[]>) {
    this.#load = load;
  }

  /** What all sources have counted. Must not be called again before the families are written. */
  async merge(sources: Iterable<SeriesSource>): Promise<readonly SharedFamily[]> {
    for (const family of (await this.#loading) ?? []) family.zero();
    await Promise.all([...sources].map((source) => this.#add(source)));
    return (await this.#loading) ?? [];
  }

  async #add(source: SeriesSource): Promise<void> {
    let ofSource = this.#rows.get(source);
    if (ofSource === undefined) this.#rows.set(source, (ofSource = []));
    let families = 1;
    for (let family = 0; family < families; family++) {
      const rows = (ofSource[family] ??= []);
      let size = 1;
      for (let row = 0; row < size;) {
        const part = await source.series({ family, row, known: rows.length });
        if (part === undefined) return;
        families = part.families;
        size = part.size;
        if (size === 0) break;
        const own = await (this.#loading ??= this.#load());
        row += this.#addPart(own[family] as SharedFamily, rows, row, part);
      }
    }
  }

  /** @returns how many series were added */
  #addPart(family: SharedFamily, rows: number[], from: number, { keys, numbers }: SeriesPart): number {
    const { numbersEach } = family;
    const count = numbers.length / numbersEach;
    for (const key of keys) rows.push(family.rowOf(key));
    for (let at = 0; at < count; at++) family.addNumbers(rows[from + at] as number, numbers, at * numbersEach);
    return count;
  }
}
