import { afterAll, beforeAll, describe } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { tellsPeople } from './telling.ts';

const part = await partOrSkip('postgres');

describe.skipIf(part === undefined)('events for people on PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  const newPlace = async () => ({ dataDir: undefined, databaseUrl: await postgres.createDatabase() });
  tellsPeople(newPlace);
});
