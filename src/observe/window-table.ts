import type { Format, SharedFamily } from './exposition.ts';
import { SeriesTable } from './series-table.ts';

export interface WindowTableOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  /** The most series; those that come later are not told. */
  readonly most: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Brings the values up to date, before they are told. */
  readonly settle?: () => void;
}

/** Ends of one window, as several processes know it, differ by no more. */
const SAME_END_MS = 1000;

/** A gauge whose values are of windows, and are told as long as their windows last. */
export class WindowTable<Label extends string> implements SharedFamily {
  readonly type = 'gauge';
  readonly linesEach = 1;
  readonly numbersEach = 2;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  readonly #series: SeriesTable<Label>;
  readonly #most: number;
  readonly #now: () => number;
  readonly #settle: () => void;
  /** By series: the value, and when its window ends, in milliseconds since the Unix epoch. */
  #numbers = new Float64Array(0);

  constructor({ name, help, labels, most, now, settle = () => {} }: WindowTableOptions<Label>) {
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.#series = new SeriesTable({ name, labels, most, folding: labels });
    this.#most = most;
    this.#now = now;
    this.#settle = settle;
  }

  get size(): number {
    this.#settle();
    return Math.min(this.#series.size, this.#most);
  }

  /** @param until when the window ends */
  set(row: number, value: number, until: number): void {
    this.#numbers[row * 2] = value;
    this.#numbers[row * 2 + 1] = until;
  }

  linesOf(row: number, _format: Format): string {
    if (!((this.#numbers[row * 2 + 1] as number) > this.#now())) return '';
    return `${this.#series.textOf(row)} ${this.#numbers[row * 2]}\n`;
  }

  keyOf(row: number): readonly string[] {
    return this.#series.valuesOf(row);
  }

  numbersOf(row: number): ArrayLike<number> {
    return this.#numbers.subarray(row * 2, row * 2 + 2);
  }

  rowOf(key: readonly string[]): number {
    const row = this.#series.rowOf(key);
    if (row * 2 >= this.#numbers.length) {
      const numbers = new Float64Array(this.#series.room * 2);
      numbers.set(this.#numbers);
      this.#numbers = numbers;
    }
    return row;
  }

  /** Of two windows the later one counts; of one window that two know, what most is known to be used of. */
  addNumbers(row: number, numbers: ArrayLike<number>, at: number): void {
    const [value, until] = [numbers[at] as number, numbers[at + 1] as number];
    const known = this.#numbers[row * 2 + 1] as number;
    if (until < known - SAME_END_MS) return;
    const isLater = until > known + SAME_END_MS;
    this.set(row, isLater ? value : Math.max(value, this.#numbers[row * 2] as number), Math.max(until, known));
  }

  zero(): void {
    this.#numbers.fill(0);
  }
}
