import { Counter } from './prometheus.ts';
import { SeriesMap, toScrape } from './series.ts';
import type { FamilyOptions, Labels, Scrape } from './series.ts';

export interface CounterSeries {
  value: number;
}

interface LabelledCount extends CounterSeries {
  readonly labels: Labels;
}

/** A counter whose series are kept by those who increment them. */
export class CounterFamily<Label extends string> extends Counter {
  readonly #series: SeriesMap<Label, LabelledCount>;
  readonly #self: { name: string; help: string };

  constructor({ registry, name, help, labels, maxSeries }: FamilyOptions<Label>) {
    super({ name, help, labelNames: [...labels], registers: [registry] });
    this.#self = { name, help };
    this.#series = new SeriesMap(labels, maxSeries, (labelled) => ({ labels: labelled, value: 0 }));
    if (labels.length === 0) this.#series.get();
  }

  /** Returns the series with these label values, in the order of the labels. Creates it if it is new. */
  series(...values: readonly string[]): CounterSeries {
    return this.#series.get(...values);
  }

  override async get(): Promise<Scrape> {
    return toScrape(
      this.#self,
      'counter',
      this.#series.all().map(({ labels, value }) => ({ labels, value })),
    );
  }
}
