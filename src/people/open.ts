import type { Database } from '../database/database.ts';
import { migrated } from '../database/migrate.ts';
import { peopleSchema } from './tables.ts';
import type { PeopleDatabase } from './tables.ts';

/**
 * The tables of people in a database, which may hold other parts too.
 * @throws DatabaseFault (rejects with it)
 */
export function openPeopleTables<Tables>(database: Database<Tables>): Promise<PeopleDatabase> {
  return migrated(database as unknown as PeopleDatabase, peopleSchema);
}
