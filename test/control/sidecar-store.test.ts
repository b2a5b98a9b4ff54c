import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { openSidecarStore } from '../../src/control/sidecar-store.ts';
import { sidecarSchema } from '../../src/control/sidecar-tables.ts';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/open-postgres.ts';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';
import { MemoryStore } from '../sync/memory-store.ts';
import { sidecarsAreStored } from './sidecar-store-behaviour.ts';

const OPENED: Database<unknown>[] = [];
afterEach(async () => {
  for (const database of OPENED.splice(0)) await database.close();
});

async function opened(opening: Promise<Database<unknown>>) {
  const database = await opening;
  OPENED.push(database);
  return openSidecarStore(database);
}

describe('sidecars in SQLite', () => {
  sidecarsAreStored(() => {
    const file = join(scratchFolder('control'), 'control.db');
    return opened(openSqlite<unknown>({ file, durability: 'full', schema: sidecarSchema }));
  });
});

describe('sidecars in the memory of tests', () => {
  sidecarsAreStored(async () => new MemoryStore());
});

const part = await partOrSkip('postgres');

describe.skipIf(part === undefined)('sidecars in PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  sidecarsAreStored(async () => {
    const url = await postgres.createDatabase();
    return opened(openPostgres<unknown>({ url, schema: sidecarSchema, applicationName: 'ostiary test' }));
  });
});
