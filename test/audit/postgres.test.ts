import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuditStore } from '../../src/audit/store.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { ME, openAt, put } from '../registry/opened.ts';
import { eventOf, eventsBehave } from './behaviour.ts';
import { auditsBoth } from './asking.ts';
import { trailIsRestored } from './restoring.ts';
import { tamperingIsFound } from './verifying.ts';

const part = await partOrSkip('postgres');

describe.skipIf(part === undefined)('the audit trail in PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  const newPlace: NewPlace = async () => ({ dataDir: undefined, databaseUrl: await postgres.createDatabase() });
  eventsBehave(newPlace);
  tamperingIsFound(newPlace);
  trailIsRestored(newPlace);
  auditsBoth(newPlace);

  test('of several control planes that write at once each event has its number, and names a change that was there', async () => {
    const place = await newPlace();
    const opened = await Promise.all(Array.from({ length: 4 }, () => openAt(place)));
    const stores = await Promise.all(opened.map(({ database }) => AuditStore.open(database)));
    await Promise.all(
      stores.map(async (store, own) => {
        for (let at = 0; at < 25; at += 1) {
          await store.append([eventOf(`${own}-${at}`), eventOf(`${own}-${at}`)]);
          await opened[own]?.registry.write([put(`${own}`, at)], ME);
        }
      }),
    );
    const rows = await stores[0]?.database.kysely.selectFrom('audit_event').selectAll().orderBy('sequence').execute();
    expect(rows?.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
    const heads = rows?.map(({ head_revision: revision }) => revision) ?? [];
    expect(heads).toEqual(heads.toSorted((a, b) => a - b));
    for (const { close } of opened) await close();
  });
});
