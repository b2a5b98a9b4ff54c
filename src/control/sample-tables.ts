import { sql } from 'kysely';
import type { Database, Schema } from '../database/database.ts';
import type { ColumnKind } from '../database/table-of.ts';

/** A sample of a request that a sidecar has sent. */
export interface SampleTable {
  readonly node: string;
  /** Of the decision. */
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly received_ms: number;
  /** As in the sample, for conditions; empty: none. */
  readonly api: string;
  readonly client: string;
  readonly reason: string;
  /** An `ostiary.v1.Sample`. */
  readonly sample: Uint8Array;
}

export interface SampleTables {
  readonly mesh_sample: SampleTable;
}

export const SAMPLE_COLUMNS = {
  node: 'text',
  id: 'text',
  received_ms: 'integer',
  api: 'text',
  client: 'text',
  reason: 'text',
  sample: 'bytes',
} as const satisfies Record<keyof SampleTable, ColumnKind>;

export const sampleSchema: Schema = { part: 'samples', migrations: [{ version: 1, up: createTables }] };

async function createTables({ engine, kysely }: Pick<Database<unknown>, 'engine' | 'kysely'>): Promise<void> {
  const octets = engine === 'sqlite' ? 'blob' : 'bytea';
  const statements = [
    `CREATE TABLE mesh_sample (node text NOT NULL, id text NOT NULL, received_ms bigint NOT NULL, api text NOT NULL,
      client text NOT NULL, reason text NOT NULL, sample ${octets} NOT NULL, PRIMARY KEY (node, id, received_ms))`,
    'CREATE INDEX mesh_sample_received ON mesh_sample (received_ms)',
  ];
  for (const statement of statements) await sql.raw(statement).execute(kysely);
}
