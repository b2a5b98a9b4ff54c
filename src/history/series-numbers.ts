import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { tableOf } from '../database/table-of.ts';
import { DIMENSIONS } from '../rollup/slot.ts';
import type { HistoryTables } from './tables.ts';

/** The most remembered of each kind. A sidecar uses some thousands. */
const MAX_REMEMBERED = 50_000;
/** The most keys that one statement looks up. */
const KEYS_A_STATEMENT = 500;
const SEPARATOR = '\u0000';

const DIMENSION_COLUMNS = Object.fromEntries(DIMENSIONS.map((name) => [name, 'integer'] as const));

/** Slots may be of a clock that is ahead by this. */
const AHEAD_S = 3600;
const DAY_S = 86_400;

/** The day, counted from the Unix epoch, to which what is stored at a moment may belong at most. */
export function dayOf(atS: number): number {
  return Math.floor((atS + AHEAD_S) / DAY_S);
}

/**
 * Stores keys as numbers: each text once, and each combination of texts once. What is remembered here is committed, with
 * this day as that of its last use, so it is not deleted for a long time: `unused.ts`. The next day it is looked up again.
 */
export class SeriesNumbers {
  readonly #database: Database<HistoryTables>;
  readonly #series = new Map<string, number>();
  readonly #texts = new Map<string, number>([['', 0]]);
  readonly #clock: Pick<Clock, 'now'>;
  #day = -1;

  constructor(database: Database<HistoryTables>, clock: Pick<Clock, 'now'>) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Returns the number of each key. New keys are stored. */
  async numbersOf(keys: readonly (readonly string[])[]): Promise<number[]> {
    const day = dayOf(this.#clock.now() / 1000);
    if (day !== this.#day) this.#forget(day);
    const names = keys.map((key) => key.join(SEPARATOR));
    const missing = new Map<string, readonly string[]>();
    for (const [at, name] of names.entries()) {
      if (!this.#series.has(name)) missing.set(name, keys[at] as readonly string[]);
    }
    const found = missing.size === 0 ? undefined : await this.#store(missing, day);
    return names.map((name) => this.#series.get(name) ?? (found?.get(name) as number));
  }

  #forget(day: number): void {
    this.#day = day;
    this.#series.clear();
    this.#texts.clear();
    this.#texts.set('', 0);
  }

  async #store(missing: ReadonlyMap<string, readonly string[]>, day: number): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const all = [...missing];
    for (let from = 0; from < all.length; from += KEYS_A_STATEMENT) {
      const some = all.slice(from, from + KEYS_A_STATEMENT);
      const texts = await this.#database.kysely.transaction().execute(async (transaction) => {
        const known = await this.#textNumbers(transaction, new Set(some.flatMap(([, key]) => key)), day);
        const rows = some.map(([, key]) => key.map((text) => known.get(text) as number));
        const numbers = await this.#keyNumbers(transaction, rows, day);
        for (const [at, [name]] of some.entries()) found.set(name, numbers[at] as number);
        return known;
      });
      // The transaction is committed now.
      remember(this.#texts, texts);
    }
    remember(this.#series, found);
    return found;
  }

  async #textNumbers(
    transaction: Kysely<HistoryTables>,
    texts: ReadonlySet<string>,
    day: number,
  ): Promise<Map<string, number>> {
    const numbers = new Map<string, number>();
    const missing: [string][] = [];
    for (const text of texts) {
      const known = this.#texts.get(text);
      if (known === undefined) missing.push([text]);
      else numbers.set(text, known);
    }
    if (missing.length === 0) return numbers;
    // All processes write in the same order, so that no two wait for each other.
    missing.sort(([a], [b]) => (a < b ? -1 : 1));
    const table = tableOf(this.#database.engine, { text: 'text' }, missing);
    await sql`INSERT INTO history_text (text, used) SELECT text, CAST(${day} AS integer) FROM ${table} AS new WHERE true
      ON CONFLICT (text) DO UPDATE SET used = excluded.used WHERE history_text.used < excluded.used`.execute(
      transaction,
    );
    const { rows } = await sql<{ id: number; text: string }>`
      SELECT (SELECT id FROM history_text AS known WHERE known.text = new.text) AS id, text
      FROM ${table} AS new`.execute(transaction);
    for (const { id, text } of rows) numbers.set(text, id);
    return numbers;
  }

  async #keyNumbers(
    transaction: Kysely<HistoryTables>,
    keys: readonly (readonly number[])[],
    day: number,
  ): Promise<number[]> {
    const columns = sql.join(DIMENSIONS.map((name) => sql.ref(name)));
    const rows = keys.map((key, place) => [...key, place]).toSorted(compareNumbers);
    const table = tableOf(this.#database.engine, { ...DIMENSION_COLUMNS, place: 'integer' }, rows);
    await sql`INSERT INTO history_series ("view", ${columns}, used)
      SELECT 0, ${columns}, CAST(${day} AS integer) FROM ${table} AS new WHERE true
      ON CONFLICT ("view", ${columns}) DO UPDATE SET used = excluded.used
        WHERE history_series.used < excluded.used`.execute(transaction);
    const same = sql.join(
      DIMENSIONS.map((name) => sql`series.${sql.ref(name)} = new.${sql.ref(name)}`),
      sql` AND `,
    );
    // Each key is looked up separately: with a join, SQLite may read all series, once for each new key.
    const found = await sql<{ id: number; place: number }>`
      SELECT new.place, (SELECT id FROM history_series AS series WHERE series."view" = 0 AND ${same}) AS id
      FROM ${table} AS new`.execute(transaction);
    const numbers: number[] = [];
    for (const { id, place } of found.rows) numbers[place] = id;
    return numbers;
  }
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const difference = value - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Adds numbers to the cache; removes the oldest if it is full. */
function remember(into: Map<string, number>, found: ReadonlyMap<string, number>): void {
  for (const [name, id] of found) into.set(name, id);
  for (const name of into.keys()) {
    if (into.size <= MAX_REMEMBERED) return;
    if (name !== '') into.delete(name);
  }
}
