import { afterAll, beforeAll, describe } from 'vitest';
import { openPostgres } from '../../src/database/open-postgres.ts';
import { peopleSchema } from '../../src/people/tables.ts';
import type { PeopleTables } from '../../src/people/tables.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { closedAfterwards } from './fixture.ts';
import { limitsAttempts } from './attempting.ts';
import { saysWhoCalls } from './identifying.ts';
import { letsProgramsIn } from './letting-programs-in.ts';
import { comparesPasswords } from './passwords.ts';
import { keepsWhoCalls } from './storing.ts';

const part = await partOrSkip('postgres');

describe.skipIf(part === undefined)('in PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  const kept = closedAfterwards();
  const open = async () => {
    const url = await postgres.createDatabase();
    return kept(openPostgres<PeopleTables>({ url, schema: peopleSchema, applicationName: 'ostiary test' }));
  };
  keepsWhoCalls(open);
  limitsAttempts(open);
  letsProgramsIn(open);
  comparesPasswords(open);
  saysWhoCalls(open);
});
