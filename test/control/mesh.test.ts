import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';
import { hidesRequestsOfOthers } from './hiding-requests.ts';
import { takesCountsOfAllSidecars } from './mesh-behaviour.ts';
import { keepsSamples } from './sample-behaviour.ts';

const part = await partOrSkip('postgres');
const MAX_BYTES = 1024 ** 3;

describe('the counts of all sidecars on SQLite', () => {
  const newPlace = async () => {
    return { dataDir: join(scratchFolder('mesh'), 'data'), databaseUrl: undefined, maxBytes: MAX_BYTES };
  };
  takesCountsOfAllSidecars(newPlace);
  keepsSamples(newPlace);
  describe('of two teams', () => hidesRequestsOfOthers(newPlace));
});

describe.skipIf(part === undefined)('the counts of all sidecars on PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres?.stop());
  const newPlace = async () => {
    return { dataDir: undefined, databaseUrl: await postgres.createDatabase(), maxBytes: MAX_BYTES };
  };
  takesCountsOfAllSidecars(newPlace);
  keepsSamples(newPlace);
  describe('of two teams', () => hidesRequestsOfOthers(newPlace, ['shop admin', 'shop developer']));
});
