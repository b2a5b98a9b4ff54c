import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { chainHash, NO_HASH } from '../../src/registry/chain.ts';
import { registrySchema } from '../../src/registry/tables.ts';
import type { RegistryTables } from '../../src/registry/tables.ts';
import { canonicalJson } from '../../src/document/version.ts';
import { scratchFolder } from '../real/scratch.ts';
import { keyOf, ME, openAt, put } from './opened.ts';

test('a log of the first version is taken over: its chain holds, and what is written next knows sources', async () => {
  const dataDir = scratchFolder('registry');
  const file = join(dataDir, 'control.db');
  const schema = { ...registrySchema, migrations: registrySchema.migrations.slice(0, 1) };
  const old = await openSqlite<RegistryTables>({ file, durability: 'full', schema });
  const document = { name: 'a', content: 1 };
  const key = keyOf('a');
  const after = canonicalJson({ ...key, revision: 1, createdRevision: 1, at: 7, owner: 'api', set: '', document });
  const origin = { actor: ME.actor, reason: '', credential: '', address: '' };
  const hash = chainHash(NO_HASH, { ...key, revision: 1, at: 7, ...origin, before: undefined, after });
  await sql`INSERT INTO registry_head VALUES (1, ${'0'.repeat(32)}, 1, ${hash})`.execute(old.kysely);
  await sql`INSERT INTO registry_resource VALUES ('Api', 'default', 'a', 1, 1, 7, 'api', '',
    ${canonicalJson(document)})`.execute(old.kysely);
  await sql`INSERT INTO registry_change VALUES (1, 7, ${ME.actor}, '', 'Api', 'default', 'a', '', ${after},
    ${hash})`.execute(old.kysely);
  await old.close();

  const { registry } = await openAt({ dataDir, databaseUrl: undefined });
  expect((await registry.verify()).problems).toEqual([]);
  const [found] = await registry.resources([key]);
  expect(found).toEqual({ ...key, revision: 1, createdRevision: 1, at: 7, owner: 'api', set: '', document });
  // The same again is no change.
  expect((await registry.write([put('a', 1)], ME)).changes).toEqual([]);
  const source = 'https://git.example.com/shop';
  await registry.write([put('a', 2, { owner: 'git', source, isTakenOver: true })], ME);
  expect((await registry.resources([key]))[0]).toMatchObject({ owner: 'git', source });
  expect((await registry.verify()).problems).toEqual([]);
  await registry.close();
});
