import { setImmediate as pause } from 'node:timers/promises';
import type { Registry } from 'prom-client';

/** `text`: Prometheus' text format 0.0.4. `openmetrics`: OpenMetrics 1.0.0, which alone has exemplars. */
export type Format = 'text' | 'openmetrics';

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** What is answered to a scrape. */
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
  /** How many series there are. It may grow while they are written. */
  readonly size: number;
  /** How many lines a series has, about. */
  readonly linesEach: number;
  /** Whole lines, each with its line feed; empty: nothing is told of the series now. */
  linesOf(row: number, format: Format): string;
}

/** A family that several processes have, and one of them writes as one. A series keeps its row as long as the process lives. */
export interface SharedFamily extends Family {
  /** How many numbers a series has. All are sums, unless {@link addNumbers} says otherwise. */
  readonly numbersEach: number;
  /** The label values of a series. */
  keyOf(row: number): readonly string[];
  numbersOf(row: number): ArrayLike<number>;
  /** The series with these label values, made where it is new. */
  rowOf(key: readonly string[]): number;
  /** @param numbers from `at` on, those of a series of another process */
  addNumbers(row: number, numbers: ArrayLike<number>, at: number): void;
  /** As if nothing had been counted; the series stay. */
  zero(): void;
}

/** Written without a pause: a millisecond or two. */
const LINES_PER_TURN = 2000;

/** What there is to write: a registry of prom-client, and families of our own behind it. */
export interface Scraped {
  readonly registry: Registry;
  readonly families: Iterable<Family>;
}

/**
 * Writes with pauses: Checks are decided in between.
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
 * Makes expositions wait for each other, where they are made of the same memory. Each is made whole before it is sent, so
 * that a scraper which does not read delays no other.
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
  // What comes while it is written is in the next scrape.
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

/** Of what prom-client writes only the names of counters differ: there the family has no `_total`. */
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

/** OpenMetrics for who asks for it, and does not prefer plain text (RFC 9110, 12.5.1). */
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
