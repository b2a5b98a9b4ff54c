import type { Exemplar, SharedFamily } from './exposition.ts';

/** The series that one process requests from another. */
export interface SeriesPlace {
  /** The index of the family. */
  readonly family: number;
  /** The first series. */
  readonly row: number;
  /** The labels of this many series of the family are already known. */
  readonly known: number;
}

/** Some series of a family, sent from one process to another. */
export interface SeriesPart {
  /** The number of series in the family. */
  readonly size: number;
  /** The number of families; 0, without a part, if nothing was counted. */
  readonly families: number;
  /** The label values of those series in the part that were not known. */
  readonly keys: readonly (readonly string[])[];
  /** The numbers of all series in the part, one series after another. */
  readonly numbers: readonly number[];
  /** With the row of the series. */
  readonly exemplars: readonly (readonly [row: number, exemplar: Exemplar])[];
}

/** Another process that has the same families. */
export interface SeriesSource {
  /** Undefined if it does not answer. */
  series(place: SeriesPlace): Promise<SeriesPart | undefined>;
}

/** The most numbers in one message: a millisecond of work at both ends. */
const MOST_NUMBERS = 10_000;

export function partOf(families: readonly SharedFamily[], { family: at, row: from, known }: SeriesPlace): SeriesPart {
  const family = families[at];
  if (family === undefined) return { size: 0, families: families.length, keys: [], numbers: [], exemplars: [] };
  const { size, numbersEach } = family;
  const to = Math.min(size, from + Math.max(1, Math.floor(MOST_NUMBERS / numbersEach)));
  const keys: (readonly string[])[] = [];
  const numbers: number[] = [];
  const exemplars: [number, Exemplar][] = [];
  for (let row = from; row < to; row++) {
    if (row >= known) keys.push(family.keyOf(row));
    const own = family.numbersOf(row);
    for (let place = 0; place < numbersEach; place++) numbers.push(own[place] ?? 0);
    for (const exemplar of family.exemplarsOf?.(row) ?? []) exemplars.push([row, exemplar]);
  }
  return { size, families: families.length, keys, numbers, exemplars };
}

/**
 * Adds up the families of several processes. Labels are sent once, because they take most of the time; series keep
 * their rows.
 */
export class MergedFamilies {
  readonly #load: () => Promise<readonly SharedFamily[]>;
  /** For each source and family: our row of each of its series. */
  readonly #rows = new WeakMap<SeriesSource, number[][]>();
  #loading: Promise<readonly SharedFamily[]> | undefined;

  /** @param load makes families without counts; called when another process has some */
  constructor(load: () => Promise<readonly SharedFamily[]>) {
    this.#load = load;
  }

  /** Adds up what all sources have counted. Do not call it again before the families are written. */
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

  /** @returns the number of series that were added */
  #addPart(family: SharedFamily, rows: number[], from: number, part: SeriesPart): number {
    const { numbersEach } = family;
    const { keys, numbers, exemplars } = part;
    const count = numbers.length / numbersEach;
    for (const key of keys) rows.push(family.rowOf(key));
    for (let at = 0; at < count; at++) family.addNumbers(rows[from + at] as number, numbers, at * numbersEach);
    for (const [row, exemplar] of exemplars) family.addExemplar?.(rows[row] as number, exemplar);
    return count;
  }
}
