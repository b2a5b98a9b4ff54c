import type { MetricObjectWithValues, MetricValueWithName } from 'prom-client';
import type { Registry } from './prometheus.ts';

/**
 * Metric families for the path of every Check. prom-client hashes the labels at each observation; these return a series
 * once, whose users keep it and increment a plain number. prom-client gets the values only when they are scraped.
 */
export interface FamilyOptions<Label extends string> {
  readonly registry: Registry;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  /** The maximum number of series; later label values share one whose labels are all `_other`. Default 10,000. */
  readonly maxSeries?: number;
}

export type Labels = Readonly<Record<string, string>>;

/** What a metric answers prom-client's registry. */
export type Scrape = MetricObjectWithValues<MetricValueWithName<string>>;

export const OTHER = '_other';
const DEFAULT_MAX_SERIES = 10_000;

/** Series by their label values, at most so many. */
export class SeriesMap<Label extends string, Series> {
  readonly #series = new Map<string, Series>();
  readonly #labels: readonly Label[];
  readonly #maxSeries: number;
  readonly #create: (labels: Labels) => Series;

  constructor(labels: readonly Label[], maxSeries: number | undefined, create: (labels: Labels) => Series) {
    this.#labels = labels;
    this.#maxSeries = maxSeries ?? DEFAULT_MAX_SERIES;
    this.#create = create;
  }

  get(...values: readonly string[]): Series {
    if (values.length !== this.#labels.length)
      throw new TypeError(`expected a value for each of: ${this.#labels.join()}`);
    const key = values.join('\0');
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const isFull = this.#series.size >= this.#maxSeries;
    if (isFull && values.some((value) => value !== OTHER)) return this.get(...values.map(() => OTHER));
    const made = this.#create(Object.fromEntries(this.#labels.map((label, at) => [label, values[at] ?? ''])));
    this.#series.set(key, made);
    return made;
  }

  all(): Series[] {
    return [...this.#series.values()];
  }
}

export function toScrape(
  { name, help }: { name: string; help: string },
  type: 'counter' | 'histogram',
  values: MetricValueWithName<string>[],
): Scrape {
  // prom-client's type asks for the hook, its registry never looks at it.
  return { name, help, type: type as unknown as Scrape['type'], aggregator: 'sum', collect: () => {}, values };
}
