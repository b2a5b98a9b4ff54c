import { join } from 'node:path';
import { describe } from 'vitest';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { peopleSchema } from '../../src/people/tables.ts';
import type { PeopleTables } from '../../src/people/tables.ts';
import { scratchFolder } from '../real/scratch.ts';
import { closedAfterwards } from './fixture.ts';
import { limitsAttempts } from './attempting.ts';
import { saysWhoCalls } from './identifying.ts';
import { letsProgramsIn } from './letting-programs-in.ts';
import { comparesPasswords } from './passwords.ts';
import { keepsWhoCalls } from './storing.ts';

describe('in SQLite', () => {
  const kept = closedAfterwards();
  const open = () => {
    const file = join(scratchFolder('people'), 'people.db');
    return kept(openSqlite<PeopleTables>({ file, durability: 'normal', schema: peopleSchema }));
  };
  keepsWhoCalls(open);
  limitsAttempts(open);
  letsProgramsIn(open);
  comparesPasswords(open);
  saysWhoCalls(open);
});
