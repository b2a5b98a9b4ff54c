import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import type { Database, Schema } from './database.ts';
import { DatabaseFault } from './database-fault.ts';

interface MigrationTable {
  readonly ostiary_schema: { readonly part: string; readonly version: number };
}

/** The lock that lets only one process of PostgreSQL change tables at a time, when several start at once. */
const MIGRATION_LOCK = 0x6f737469;

/**
 * Brings the tables of a part to this program's version. A step is done completely or not at all.
 * @throws DatabaseFault `newer` if a newer program has changed the tables
 */
async function migrate<Tables>(database: Database<Tables>, { part, migrations }: Schema): Promise<void> {
  const { engine, name } = database;
  const kysely = database.kysely as unknown as Kysely<MigrationTable>;
  const known = migrations.length;
  await kysely.transaction().execute(async (transaction) => {
    if (engine === 'postgres') await sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction);
    await transaction.schema
      .createTable('ostiary_schema')
      .ifNotExists()
      .addColumn('part', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('ostiary_schema_key', ['part', 'version'])
      .execute();
    const version = await versionOf(transaction, part);
    if (version > known) {
      const message = `${name} has version ${version} of the tables for ${part}, and this ostiary knows ${known}: run the newer one`;
      throw new DatabaseFault('newer', message);
    }
    for (const migration of migrations.slice(version)) {
      await migration.up({ engine, kysely: transaction as unknown as Kysely<unknown> });
      await transaction.insertInto('ostiary_schema').values({ part, version: migration.version }).execute();
    }
  });
}

/**
 * Migrates the database and returns it; closes it if that fails.
 * @throws DatabaseFault (rejects with it)
 */
export async function migrated<Tables>(database: Database<Tables>, schema: Schema): Promise<Database<Tables>> {
  try {
    await migrate(database, schema);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

async function versionOf(transaction: Transaction<MigrationTable>, part: string): Promise<number> {
  const row = await transaction
    .selectFrom('ostiary_schema')
    .select(({ fn }) => fn.max('version').as('version'))
    .where('part', '=', part)
    .executeTakeFirst();
  return row?.version ?? 0;
}
