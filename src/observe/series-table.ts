import { Dictionary, FOLDED_NUMBER } from '../rollup/dictionary.ts';
import { KeyTable } from '../rollup/key-table.ts';

/** Texts that each label can have whatever the bound on series is: those of labels that are never folded. */
const KEPT_TEXTS = 64;

export interface TableOptions<Label extends string> {
  /** Of the family; empty where several share the series. */
  readonly name: string;
  readonly labels: readonly Label[];
  /** The most series of their own. Those that come later share series whose labels are `_other`. */
  readonly most: number;
  /** Which labels become `_other` first, one after the other, until such a series is known; at last all of these. */
  readonly folding: readonly Label[];
  /** Makes it unpredictable which series are near each other in memory. */
  readonly seed?: number;
}

/**
 * Series by their label values, each with a number from 0 on. A series takes some 50 bytes beside the texts, which all
 * series share, and finding it makes no garbage.
 */
export class SeriesTable<Label extends string> {
  readonly labels: readonly Label[];
  readonly #name: string;
  readonly #most: number;
  readonly #folding: readonly number[];
  readonly #dictionaries: readonly Dictionary[];
  /** By label, then by the number of its text: what stands for it in a line. */
  readonly #fragments: readonly string[][];
  readonly #keys: KeyTable;
  readonly #key: Uint32Array;

  constructor({ name, labels, most, folding, seed = 0 }: TableOptions<Label>) {
    this.labels = labels;
    this.#name = name;
    this.#most = most;
    this.#folding = folding.map((label) => labels.indexOf(label));
    this.#dictionaries = labels.map(() => new Dictionary(most + KEPT_TEXTS));
    this.#fragments = labels.map(() => []);
    // Which texts there are is decided by documents, and by peers that may send a log.
    this.#keys = new KeyTable(labels.length, seed);
    this.#key = new Uint32Array(labels.length);
  }

  get size(): number {
    return this.#keys.size;
  }

  /** How many series there is memory for. */
  get room(): number {
    return this.#keys.room;
  }

  /** The number of a series, which is made where it is new. @param values in the order of the labels */
  rowOf(values: readonly string[]): number {
    const key = this.#key;
    for (let label = 0; label < key.length; label++) key[label] = this.#numberOf(label, values[label] as string);
    const known = this.#keys.find(key);
    if (known >= 0) return known;
    if (this.#keys.size < this.#most) return this.#keys.insert(key);
    for (const label of this.#folding) {
      key[label] = FOLDED_NUMBER;
      const folded = this.#keys.find(key);
      if (folded >= 0) return folded;
    }
    return this.#keys.insert(key);
  }

  valuesOf(row: number): string[] {
    return this.#dictionaries.map((dictionary, label) => dictionary.textOf(this.#keys.at(row, label)));
  }

  /** The name and the labels of a series, such as `requests_total{api="orders"}`. */
  textOf(row: number): string {
    let text = '';
    for (let label = 0; label < this.#fragments.length; label++) {
      const number = this.#keys.at(row, label);
      const fragments = this.#fragments[label] as string[];
      text += fragments[number] ??= this.#fragment(label, number);
    }
    return text;
  }

  #numberOf(label: number, text: string): number {
    const dictionary = this.#dictionaries[label] as Dictionary;
    // Two texts that would be written alike are one.
    return dictionary.known(text) ?? dictionary.numberOf(printable(text));
  }

  #fragment(label: number, number: number): string {
    const isLast = label === this.labels.length - 1;
    const text = escapeLabel((this.#dictionaries[label] as Dictionary).textOf(number));
    return `${label === 0 ? `${this.#name}{` : ','}${this.labels[label]}="${text}"${isLast ? '}' : ''}`;
  }
}

/** Control characters other than a line feed are no part of what Prometheus reads. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.toWellFormed().replaceAll(/[\0-\t\v-\u001f\u007f]/g, '\ufffd');
}

/** As both of Prometheus' text formats want the value of a label. */
export function escapeLabel(text: string): string {
  return text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}
