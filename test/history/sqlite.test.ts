import { join } from 'node:path';
import { describe } from 'vitest';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import { scratchFolder } from '../real/scratch.ts';
import { historyIsUpgraded } from './behaviour-of-upgrade.ts';
import { historyAges } from './behaviour-over-time.ts';
import { historyForgets } from './behaviour-of-keys.ts';
import { historyBehaves } from './behaviour.ts';
import type { OpenHistory } from './fixture.ts';

describe('the history in SQLite', () => {
  const open: OpenHistory = async (clock) => {
    const file = join(scratchFolder('history'), 'analytics.db');
    const database = await openSqlite<HistoryTables>({ file, durability: 'normal', schema: historySchema });
    return { history: new History(database, { clock }), database };
  };
  historyBehaves(open);
  historyAges(open);
  historyForgets(open);
  historyIsUpgraded(async () => {
    const file = join(scratchFolder('history'), 'analytics.db');
    return (schema) => openSqlite<HistoryTables>({ file, durability: 'normal', schema });
  });
});
