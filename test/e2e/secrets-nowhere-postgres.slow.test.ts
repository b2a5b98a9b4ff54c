import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startControlPlaneOn } from '../real/control-plane.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';
import { openSecretPlane } from './secret-plane.ts';
import { tellsNoSecret } from './secrets-nowhere.ts';

const part = await partOrSkip('postgres');

test.skipIf(part === undefined)(
  'no secret leaves a control plane on PostgreSQL, wherever one is put',
  async () => {
    const postgres = await startPostgres();
    const url = await postgres.createDatabase();
    const folder = scratchFolder('secrets-nowhere');
    const plane = await openSecretPlane(folder, (options) =>
      startControlPlaneOn(url, join(folder, 'bootstrap-token'), undefined, options),
    );
    try {
      await tellsNoSecret(plane, async () => {
        const listed = await postgres.psql(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
        const tables = listed.split('\n');
        expect(tables.length).toBeGreaterThan(15);
        const rows = tables.map(async (table) => `${table}\n${await postgres.psql(url, `SELECT * FROM ${table}`)}`);
        return (await Promise.all(rows)).join('\n');
      });
    } finally {
      await plane.stop();
      await postgres.stop();
    }
  },
  120_000,
);
