import { setImmediate as pause } from 'node:timers/promises';
import type { Registry } from 'prom-client';

/** `text`: Prometheus' text format 0.0.4. `openmetrics`: OpenMetrics 1.0.0; only it can have exemplars. */
export type Format = 'text' | 'openmetrics';

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The answer to a scrape. */
export interface Exposition {
  /** The value of `content-type`. */
  readonly contentType: string;
  /** Pieces of the text, made one by one. */
  readonly chunks: AsyncIterable<string>;
}

/** A family of metrics that writes itself. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** The number of series. It may grow while they are written. */
  readonly size: number;
  /** The approximate number of lines of a series. */
  readonly linesEach: number;
  /** Whole lines, each with its line feed; empty: the series has no value at the moment. */
  linesOf(row: number, format: Format): string;
}

/** The last value of a bucket that had a trace. */
export interface Exemplar {
  /** The index of the bucket's bound. */
  readonly bound: number;
  readonly traceId: string;
  readonly value: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/**
 * A family that exists in several processes, and is written by one of them for all. A series keeps its row as long as
 * the process lives.
 */
export interface SharedFamily extends Family {
  /** The number of numbers in a series. All are sums, unless {@link addNumbers} treats them differently. */
  readonly numbersEach: number;
  /** The label values of a series. */
  keyOf(row: number): readonly string[];
  numbersOf(row: number): ArrayLike<number>;
  /** Returns the series with these label values. Creates it if it is new. */
  rowOf(key: readonly string[]): number;
  /**
   * Adds a series of another process.
   * @param numbers contains its numbers from `at` on
   */
  addNumbers(row: number, numbers: ArrayLike<number>, at: number): void;
  /** The exemplars of a series. Absent: the family has none. */
  exemplarsOf?(row: number): readonly Exemplar[];
  /** Adds an exemplar of another process, unless this process has a later one. */
  addExemplar?(row: number, exemplar: Exemplar): void;
  /** Resets all counts; the series stay. */
  zero(): void;
}

/** The number of lines written without a pause: a millisecond or two. */
const LINES_PER_TURN = 2000;

/** What is written: a registry of prom-client, and then our own families. */
export interface Scraped {
  readonly registry: Registry;
  readonly families: Iterable<Family>;
}

/**
 * Writes with pauses, in which Checks are decided.
 * @param accept the header of the scrape
 */
export function expose(accept: string | undefined, scraped: () => Scraped | Promise<Scraped>): Exposition {
  const format = formatFor(accept);
  return { contentType: CONTENT_TYPES[format], chunks: write(scraped, format) };
}

export async function textOf({ chunks }: Exposition): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}

/**
 * Makes expositions wait for each other if they use the same memory. Each is completed before it is sent, so that a
 * scraper that does not read delays no other.
 */
export function inTurn(): (exposition: Exposition) => Exposition {
  let before: Promise<unknown> = Promise.resolve();
  async function* wholeOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
    const previous = before;
    const making = (async (): Promise<string[]> => {
      await previous;
      const made: string[] = [];
      for await (const chunk of chunks) made.push(chunk);
      return made;
    })();
    before = making.catch(() => {});
    yield* await making;
  }
  return ({ contentType, chunks }) => ({ contentType, chunks: wholeOf(chunks) });
}

async function* write(scraped: () => Scraped | Promise<Scraped>, format: Format): AsyncGenerator<string> {
  const { registry, families } = await scraped();
  let written = '';
  for (const { name } of registry.getMetricsAsArray()) {
    const text = await registry.getSingleMetricAsString(name);
    written += format === 'openmetrics' ? toOpenMetrics(text) : `${text}\n`;
    if (written.length < LINES_PER_TURN * 50) continue;
    yield written;
    written = '';
    await pause();
  }
  if (written !== '') yield written;
  for (const family of families) yield* writeFamily(family, format);
  if (format === 'openmetrics') yield '# EOF\n';
}

async function* writeFamily(family: Family, format: Format): AsyncGenerator<string> {
  let written = headOf(family, format);
  const rowsPerTurn = Math.ceil(LINES_PER_TURN / family.linesEach);
  let end = rowsPerTurn;
  // Series that are added while writing are part of the next scrape.
  const { size } = family;
  for (let row = 0; row < size; row++) {
    written += family.linesOf(row, format);
    if (row + 1 < end) continue;
    end += rowsPerTurn;
    yield written;
    written = '';
    await pause();
  }
  if (written !== '') yield written;
}

function headOf({ name, help, type }: Family, format: Format): string {
  const named = format === 'openmetrics' && type === 'counter' ? withoutTotal(name) : name;
  return `# HELP ${named} ${escapeHelp(help)}\n# TYPE ${named} ${type}\n`;
}

/** In prom-client's text only the names of counters differ: in OpenMetrics the family's name has no `_total`. */
function toOpenMetrics(text: string): string {
  const isCounter = /^# TYPE \S+ counter$/m.test(text);
  const head = isCounter ? text.replaceAll(/^(# (?:HELP|TYPE) \S+?)_total /gm, '$1 ') : text;
  return `${head}\n`;
}

function withoutTotal(name: string): string {
  return name.endsWith('_total') ? name.slice(0, -'_total'.length) : name;
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}

const OPENMETRICS = /^application\/openmetrics-text\b/i;
const PLAIN = /^(?:text\/plain|text\/\*|\*\/\*)(?=[\s;]|$)/i;

/** OpenMetrics if the scraper accepts it, and does not prefer plain text (RFC 9110, 12.5.1). */
function formatFor(accept = ''): Format {
  const weights = { openmetrics: 0, text: 0 };
  for (const range of accept.split(',').map((part) => part.trim())) {
    const weight = Number(/;\s*q=([\d.]+)/i.exec(range)?.[1] ?? 1);
    const version = /;\s*version=([\w.]+)/i.exec(range)?.[1] ?? '1.0.0';
    if (OPENMETRICS.test(range) && /^(?:1\.0\.0|0\.0\.1)$/.test(version)) {
      weights.openmetrics = Math.max(weights.openmetrics, weight);
    } else if (PLAIN.test(range)) weights.text = Math.max(weights.text, weight);
  }
  return weights.openmetrics > 0 && weights.openmetrics >= weights.text ? 'openmetrics' : 'text';
}
