import { sql } from 'kysely';
import type { Database, Schema } from '../database/database.ts';

/** The control planes of a database. */
export interface PlaneTable {
  /** Drawn at its start; sidecars that follow it have it too. */
  readonly instance: string;
  /** A URL by which others reach it. */
  readonly address: string;
  /** Milliseconds since the Unix epoch. */
  readonly seen_at: number;
}

export interface PlaneTables {
  readonly control_plane: PlaneTable;
}

export const planeSchema: Schema = {
  part: 'planes',
  migrations: [{ version: 1, up: createTables }],
};

async function createTables({ kysely }: Pick<Database<unknown>, 'kysely'>): Promise<void> {
  await sql`CREATE TABLE control_plane (instance text PRIMARY KEY, address text NOT NULL, seen_at bigint NOT NULL)`.execute(
    kysely,
  );
}
