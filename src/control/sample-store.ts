import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { SampleSchema } from '../../gen/ostiary/v1/analytics_pb.js';
import { isAskedFor } from '../analytics/sample-conditions.ts';
import type { SampleArchive, SampledRequest, SampleQuestion } from '../analytics/sampled-request.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { migrated } from '../database/migrate.ts';
import { tableOf } from '../database/table-of.ts';
import { readSample, toSample } from '../telemetry/sample-message.ts';
import { SAMPLE_COLUMNS, sampleSchema } from './sample-tables.ts';
import type { SampleTable, SampleTables } from './sample-tables.ts';

export interface SampleStorePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onFault: (error: unknown) => void;
}

/** How long samples are kept: as long as sidecars keep theirs. */
const KEPT_MS = 24 * 3_600_000;
const MOST_OF_NODE = 2000;
const MOST = 100_000;
const MOST_BYTES_OF_ONE = 64 * 1024;
const LONGEST_ID = 256;
/** As of slots. */
const MOST_AHEAD_MS = 3_600_000;
/** Samples of many sidecars are written together. */
const WRITE_MS = 500;
const MOST_WAITING = 10_000;
const ROWS_A_TIME = 500;
/** Of those that a question with conditions may be about. */
const MOST_LOOKED_AT = 20_000;
const UPKEEP_MS = 60_000;

type Row = readonly (string | number)[];
type Kept = Pick<SampleTable, 'node' | 'id' | 'received_ms' | 'sample'>;
type Place = Omit<Kept, 'sample'>;

/** The samples of all sidecars, in a database that may hold other parts too. */
export class SampleStore implements SampleArchive {
  readonly #database: Database<SampleTables>;
  readonly #ports: SampleStorePorts;
  #waiting: Row[] = [];
  #writing: Promise<void> = Promise.resolve();
  #cancelWrite: (() => void) | undefined;
  #cancelUpkeep: () => void = () => {};
  #isClosed = false;

  private constructor(database: Database<SampleTables>, ports: SampleStorePorts) {
    this.#database = database;
    this.#ports = ports;
    this.#planUpkeep();
  }

  /** @throws DatabaseFault (rejects with it) */
  static async open<Tables>(database: Database<Tables>, ports: SampleStorePorts): Promise<SampleStore> {
    return new SampleStore(await migrated(database as unknown as Database<SampleTables>, sampleSchema), ports);
  }

  /** Writes them in a moment. One that comes again is kept once. What can't be written is lost. */
  take(node: string, samples: readonly SampledRequest[]): void {
    const latest = this.#ports.clock.now() + MOST_AHEAD_MS;
    for (const sample of samples) {
      const row = sample.event.receivedAt > latest ? undefined : rowOf(node, sample);
      if (row !== undefined && this.#waiting.length < MOST_WAITING) this.#waiting.push(row);
    }
    if (this.#waiting.length > 0 && !this.#isClosed)
      this.#cancelWrite ??= this.#ports.timers.after(WRITE_MS, () => void this.#write());
  }

  /** @throws DatabaseFault (rejects with it) */
  async find(question: SampleQuestion): Promise<readonly SampledRequest[]> {
    await this.#write();
    const sinceMs = Math.max(question.sinceMs, this.#ports.clock.now() - KEPT_MS);
    const { most } = question;
    // Conditions on what is no column are looked at one by one.
    const isSifted = (question.where?.length ?? 0) > 0;
    const found: SampledRequest[] = [];
    let before: Place | undefined;
    for (let looked = 0; looked < MOST_LOOKED_AT; looked += ROWS_A_TIME) {
      const rows = await this.#latest({ ...question, sinceMs }, isSifted ? ROWS_A_TIME : most, before);
      const some = rows.flatMap(({ sample }) => readSample(fromBinary(SampleSchema, sample)));
      if (!isSifted) return some;
      found.push(...some.filter((sampled) => isAskedFor(sampled, { ...question, sinceMs })));
      before = rows.at(-1);
      if (found.length >= most || rows.length < ROWS_A_TIME) break;
    }
    return found.slice(0, most);
  }

  /** @param before the row after which to go on */
  #latest(question: SampleQuestion, most: number, before: Place | undefined): Promise<readonly Kept[]> {
    const { sinceMs, untilMs, api, client, reason, id, within } = question;
    const { engine } = this.#database;
    let asking = this.#database.kysely
      .selectFrom('mesh_sample')
      .select(['sample', 'received_ms', 'node', 'id'])
      .where('received_ms', '>=', sinceMs)
      .where('received_ms', '<', untilMs);
    for (const [column, value] of Object.entries({ api, client, reason, id }))
      if (value !== undefined) asking = asking.where(column as 'api' | 'client' | 'reason' | 'id', '=', value);
    if (before !== undefined) {
      const { received_ms: receivedMs, node } = before;
      asking = asking.where(sql<boolean>`(received_ms, node, id) < (${receivedMs}, ${node}, ${before.id})`);
    }
    if (within !== undefined) {
      const anyOf = (names: readonly string[]) =>
        tableOf(
          engine,
          { name: 'text' },
          names.map((name) => [name]),
        );
      asking = asking.where(
        sql<boolean>`(api IN (SELECT name FROM ${anyOf(within.apis)} AS apis)
          OR client IN (SELECT name FROM ${anyOf(within.clients)} AS clients))`,
      );
    }
    const ordered = asking.orderBy('received_ms', 'desc').orderBy('node', 'desc').orderBy('id', 'desc');
    return ordered.limit(most).execute();
  }

  /** Deletes what is too old, and what is too much: of one node first. @throws DatabaseFault (rejects with it) */
  async keepUp(): Promise<void> {
    const { kysely } = this.#database;
    await kysely
      .deleteFrom('mesh_sample')
      .where('received_ms', '<', this.#ports.clock.now() - KEPT_MS)
      .execute();
    await sql`DELETE FROM mesh_sample WHERE (node, id, received_ms) IN (SELECT node, id, received_ms FROM (
      SELECT node, id, received_ms, row_number() OVER (PARTITION BY node ORDER BY received_ms DESC) AS of_node,
        row_number() OVER (ORDER BY received_ms DESC) AS of_all FROM mesh_sample) AS ranked
      WHERE of_node > ${MOST_OF_NODE} OR of_all > ${MOST})`.execute(kysely);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelUpkeep();
    await this.#write();
  }

  #write(): Promise<void> {
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
    this.#writing = this.#writing.then(() => this.#writeAll());
    return this.#writing;
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < rows.length; from += ROWS_A_TIME) {
      const { engine, kysely } = this.#database;
      const some = tableOf(engine, SAMPLE_COLUMNS, rows.slice(from, from + ROWS_A_TIME));
      const columns = sql.join(Object.keys(SAMPLE_COLUMNS).map((name) => sql.ref(name)));
      await sql`INSERT INTO mesh_sample (${columns}) SELECT ${columns} FROM ${some} AS told WHERE true
        ON CONFLICT DO NOTHING`
        .execute(kysely)
        .catch(this.#ports.onFault);
    }
  }

  #planUpkeep(): void {
    this.#cancelUpkeep = this.#ports.timers.after(UPKEEP_MS, () => {
      void this.keepUp()
        .catch(this.#ports.onFault)
        .finally(() => {
          if (!this.#isClosed) this.#planUpkeep();
        });
    });
  }
}

/** @returns undefined: it is none that can be kept */
function rowOf(node: string, sampled: SampledRequest): Row | undefined {
  const { id, receivedAt, api = '', client = '', reason = '' } = sampled.event;
  const bytes = toBinary(SampleSchema, toSample(sampled));
  const isFit = id.length <= LONGEST_ID && bytes.length <= MOST_BYTES_OF_ONE;
  // No text of PostgreSQL has a NUL.
  if (!isFit || [id, api, client, reason].some((text) => text.includes('\0'))) return undefined;
  return [node, id, Math.floor(receivedAt), api, client, reason, Buffer.from(bytes).toString('hex')];
}
