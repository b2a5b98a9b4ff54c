import { afterAll, beforeAll, describe } from 'vitest';
import { openPostgres } from '../../src/database/open-postgres.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { historyIsUpgraded } from './behaviour-of-upgrade.ts';
import { historyAges } from './behaviour-over-time.ts';
import { historyForgets } from './behaviour-of-keys.ts';
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
    const openOne = async () => {
      const database = await openPostgres<HistoryTables>(options);
      return { history: new History(database, { clock }), database };
    };
    return { ...(await openOne()), other: async () => (await openOne()).history };
  };
  historyBehaves(open);
  historyAges(open);
  historyForgets(open);
  historyIsUpgraded(async () => {
    const url = await postgres.createDatabase();
    return (schema) => openPostgres<HistoryTables>({ url, schema, applicationName: 'ostiary test' });
  });
});
