import { afterAll, beforeAll, describe } from 'vitest';
import { openPostgres } from '../../src/database/open-postgres.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { historyAges } from './behaviour-over-time.ts';
import { historyBehaves } from './behaviour.ts';
import type { OpenHistory } from './fixture.ts';

const part = await partOrSkip('postgres');

describe.skipIf(part === undefined)('the history in PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  const open: OpenHistory = async (clock) => {
    const url = await postgres.createDatabase();
    const options = { url, schema: historySchema, applicationName: 'ostiary test' };
    return new History(await openPostgres<HistoryTables>(options), { clock });
  };
  historyBehaves(open);
  historyAges(open);
});
