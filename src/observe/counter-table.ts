import type { Format, SharedFamily } from './exposition.ts';
import { SeriesTable } from './series-table.ts';
import type { TableOptions } from './series-table.ts';

/** A counter with so many series that prom-client would take seconds to write them. */
export class CounterTable<Label extends string> implements SharedFamily {
  readonly type = 'counter';
  readonly linesEach = 1;
  readonly numbersEach = 1;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  readonly #series: SeriesTable<Label>;
  #values = new Float64Array(0);

  constructor(options: TableOptions<Label> & { readonly help: string }) {
    this.name = options.name;
    this.help = options.help;
    this.labels = options.labels;
    this.#series = new SeriesTable(options);
  }

  get size(): number {
    return this.#series.size;
  }

  /** @param values in the order of the labels */
  add(values: readonly string[], amount: number): void {
    this.#add(this.rowOf(values), amount);
  }

  linesOf(row: number, _format: Format): string {
    return `${this.#series.textOf(row)} ${this.#values[row]}\n`;
  }

  keyOf(row: number): readonly string[] {
    return this.#series.valuesOf(row);
  }

  numbersOf(row: number): ArrayLike<number> {
    return this.#values.subarray(row, row + 1);
  }

  rowOf(values: readonly string[]): number {
    const row = this.#series.rowOf(values);
    if (row >= this.#values.length) this.#grow();
    return row;
  }

  addNumbers(row: number, numbers: ArrayLike<number>, at: number): void {
    this.#add(row, numbers[at] as number);
  }

  zero(): void {
    this.#values.fill(0);
  }

  #add(row: number, amount: number): void {
    this.#values[row] = (this.#values[row] as number) + amount;
  }

  #grow(): void {
    const values = new Float64Array(this.#series.room);
    values.set(this.#values);
    this.#values = values;
  }
}
