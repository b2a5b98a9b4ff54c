import type { MetricValueWithName } from 'prom-client';
import { Histogram } from './prometheus.ts';
import { SeriesMap, toScrape } from './series.ts';
import type { FamilyOptions, Labels, Scrape } from './series.ts';

/** Durations enter in milliseconds and leave in seconds, the base unit of Prometheus. */
export class DurationSeries {
  readonly labels: Labels;
  readonly #boundsMs: Float64Array;
  /** One for each bound, and one for durations above the last bound. */
  readonly #counts: Float64Array;
  #sumMs = 0;

  constructor(labels: Labels, boundsMs: Float64Array) {
    this.labels = labels;
    this.#boundsMs = boundsMs;
    this.#counts = new Float64Array(boundsMs.length + 1);
  }

  observeMs(durationMs: number): void {
    const bounds = this.#boundsMs;
    let at = 0;
    // Most durations fall into the first few buckets, so a linear search is faster than bisection.
    while (at < bounds.length && durationMs > (bounds[at] as number)) at += 1;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sumMs += durationMs;
  }

  /** In the order of the text format: cumulative buckets, then sum and count. */
  values(name: string): MetricValueWithName<string>[] {
    const values: MetricValueWithName<string>[] = [];
    let count = 0;
    for (const [at, hits] of this.#counts.entries()) {
      count += hits;
      const boundMs = this.#boundsMs[at];
      const le = boundMs === undefined ? '+Inf' : boundMs / 1000;
      values.push({ metricName: `${name}_bucket`, labels: { ...this.labels, le }, value: count });
    }
    values.push({ metricName: `${name}_sum`, labels: this.labels, value: this.#sumMs / 1000 });
    values.push({ metricName: `${name}_count`, labels: this.labels, value: count });
    return values;
  }
}

/** A histogram of durations whose series are kept by those who observe them. */
export class DurationFamily<Label extends string> extends Histogram {
  readonly #series: SeriesMap<Label, DurationSeries>;
  readonly #self: { name: string; help: string };

  constructor(options: FamilyOptions<Label> & { readonly boundsMs: readonly number[] }) {
    const { registry, name, help, labels, maxSeries } = options;
    const buckets = options.boundsMs.map((bound) => bound / 1000);
    super({ name, help, labelNames: [...labels], buckets, registers: [registry] });
    this.#self = { name, help };
    const boundsMs = Float64Array.from(options.boundsMs);
    this.#series = new SeriesMap(labels, maxSeries, (labelled) => new DurationSeries(labelled, boundsMs));
    if (labels.length === 0) this.#series.get();
  }

  /** Returns the series with these label values, in the order of the labels. Creates it if it is new. */
  series(...values: readonly string[]): DurationSeries {
    return this.#series.get(...values);
  }

  override async get(): Promise<Scrape> {
    const { name } = this.#self;
    return toScrape(
      this.#self,
      'histogram',
      this.#series.all().flatMap((series) => series.values(name)),
    );
  }

  /** What prom-client's registry needs from a histogram to write the text format. */
  getForPromString(): Promise<Scrape> {
    return this.get();
  }
}
