import { BUCKETS, bucketOf, LOWEST_BUCKET } from '../rollup/histogram.ts';
import type { Exemplar, Format, SharedFamily } from './exposition.ts';
import { escapeLabel } from './series-table.ts';
import type { SeriesTable } from './series-table.ts';

export interface HistogramOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  /** Several families with the same labels and label values can share this. */
  readonly series: SeriesTable<Label>;
  /**
   * The bounds of observed values are powers of two with these exponents. They are bounds of the exponential
   * histogram too.
   */
  readonly exponents: readonly number[];
  /** Values are divided by this before they are written: 1000 for milliseconds, because Prometheus expects seconds. */
  readonly divisor: number;
}

/** The number of sums before the buckets in a row. */
const SUMS = 1;
const NOTHING = new Float64Array(SUMS + BUCKETS);

/**
 * Histograms with the buckets of the rollups, written with fewer bounds. Each of these bounds is also a bound of
 * those buckets, so the counts are exact.
 */
export class HistogramTable<Label extends string> implements SharedFamily {
  readonly type = 'histogram';
  readonly linesEach: number;
  readonly numbersEach = SUMS + BUCKETS;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  readonly #series: SeriesTable<Label>;
  readonly #divisor: number;
  /** For each bound: the index of the first bucket above it, and its label. */
  readonly #bounds: readonly { readonly above: number; readonly label: string }[];
  /** For each series: the sum, and a count for each bucket. */
  readonly #rows: Float64Array[] = [];
  /** For each series and each bound. */
  readonly #exemplars: (Exemplar | undefined)[][] = [];

  constructor(options: HistogramOptions<Label>) {
    this.name = options.name;
    this.help = options.help;
    this.labels = options.series.labels;
    this.#series = options.series;
    this.#divisor = options.divisor;
    this.#bounds = [
      ...options.exponents.map((exponent) => ({
        above: bucketOf(2 ** exponent) - LOWEST_BUCKET + 1,
        label: String(2 ** exponent / options.divisor),
      })),
      { above: BUCKETS, label: '+Inf' },
    ];
    this.linesEach = this.#bounds.length + 2;
  }

  get size(): number {
    return this.#series.size;
  }

  /**
   * @param row the row of the series
   * @param traceId the trace of the request; empty: unknown
   * @param at milliseconds since the Unix epoch
   */
  observe(row: number, value: number, traceId: string, at: number): void {
    const counts = (this.#rows[row] ??= new Float64Array(SUMS + BUCKETS));
    const index = bucketOf(value) - LOWEST_BUCKET;
    counts[0] = (counts[0] as number) + value;
    counts[SUMS + index] = (counts[SUMS + index] as number) + 1;
    if (traceId === '') return;
    const bound = this.#bounds.findIndex(({ above }) => index < above);
    (this.#exemplars[row] ??= [])[bound] = { bound, traceId, value, at };
  }

  linesOf(row: number, format: Format): string {
    const counts = this.#rows[row];
    if (counts === undefined) return '';
    const labels = this.#series.textOf(row);
    const open = `${this.name}_bucket${labels.slice(0, -1)},le="`;
    let lines = '';
    let count = 0;
    let index = 0;
    for (const [bound, { above, label }] of this.#bounds.entries()) {
      for (; index < above; index++) count += counts[SUMS + index] as number;
      lines += `${open}${label}"} ${count}${format === 'openmetrics' ? this.#exemplarOf(row, bound) : ''}\n`;
    }
    const sum = (counts[0] as number) / this.#divisor;
    return `${lines}${this.name}_sum${labels} ${sum}\n${this.name}_count${labels} ${count}\n`;
  }

  keyOf(row: number): readonly string[] {
    return this.#series.valuesOf(row);
  }

  numbersOf(row: number): ArrayLike<number> {
    return this.#rows[row] ?? NOTHING;
  }

  rowOf(values: readonly string[]): number {
    return this.#series.rowOf(values);
  }

  addNumbers(row: number, numbers: ArrayLike<number>, at: number): void {
    let counts = this.#rows[row];
    if (counts === undefined) {
      // Families share their series, so another family may have a value and this one none.
      if (isZero(numbers, at, SUMS + BUCKETS)) return;
      this.#rows[row] = counts = new Float64Array(SUMS + BUCKETS);
    }
    for (let place = 0; place < counts.length; place++) {
      counts[place] = (counts[place] as number) + (numbers[at + place] as number);
    }
  }

  exemplarsOf(row: number): readonly Exemplar[] {
    return this.#exemplars[row]?.filter((exemplar) => exemplar !== undefined) ?? [];
  }

  addExemplar(row: number, exemplar: Exemplar): void {
    const ofRow = (this.#exemplars[row] ??= []);
    if ((ofRow[exemplar.bound]?.at ?? -Infinity) < exemplar.at) ofRow[exemplar.bound] = exemplar;
  }

  zero(): void {
    for (const counts of this.#rows) counts?.fill(0);
    this.#exemplars.length = 0;
  }

  #exemplarOf(row: number, bound: number): string {
    const exemplar = this.#exemplars[row]?.[bound];
    if (exemplar === undefined) return '';
    const { traceId, value, at } = exemplar;
    return ` # {trace_id="${escapeLabel(traceId)}"} ${value / this.#divisor} ${at / 1000}`;
  }
}

function isZero(numbers: ArrayLike<number>, from: number, count: number): boolean {
  for (let at = from; at < from + count; at++) if (numbers[at] !== 0) return false;
  return true;
}
