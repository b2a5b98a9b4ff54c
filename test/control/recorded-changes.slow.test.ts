import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlaneOn } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';
import { ask, changesNothingUnseen, PASSWORD } from './recorded-changes.ts';
import type { Place, Query } from './recorded-changes.ts';

describe('whatever is done to people, tokens and sidecars is in the audit trail in PostgreSQL, or is not done', async () => {
  const part = await partOrSkip('postgres');
  let postgres: RealPostgres;
  beforeAll(async () => {
    if (part !== undefined) postgres = await startPostgres();
  });
  afterAll(() => postgres?.stop());
  const opened = async (): Promise<{ plane: RealControlPlane; query: Query }> => {
    const url = await postgres.createDatabase();
    const plane = await startControlPlaneOn(url, join(scratchFolder('recorded'), 'token'));
    return { plane, query: (statement) => postgres.psql(url, statement) };
  };

  test.skipIf(part === undefined)(
    'where the trail can not be written',
    async () => {
      const { plane, query } = await opened();
      const rename = (from: string, to: string) => `ALTER TABLE ${from} RENAME TO ${to}`;
      const [breaking, mending] = [rename('audit_event', 'gone'), rename('gone', 'audit_event')];
      const work: Place['beside'] = (each) => each(query);
      await changesNothingUnseen({ plane, beside: work, after: work }, breaking, mending);
      await plane.stop();
    },
    60_000,
  );

  test.skipIf(part === undefined)(
    'where the process is killed between the two',
    async () => {
      const { plane, query } = await opened();
      // Somebody holds the end of the chain: the change is made, and its event waits.
      const holding = query("BEGIN; SELECT id FROM audit_head FOR UPDATE; SELECT pg_sleep(3), 'held'; COMMIT");
      const sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
      await expect.poll(() => query(sleeps), { timeout: 5000 }).toBe('1');
      const asked = ask(plane, 'PeopleService/CreateUser', { name: 'erin', password: PASSWORD }).catch(() => {});
      const waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
      await expect.poll(() => query(waits), { timeout: 3000, interval: 20 }).toBe('1');
      await plane.kill();
      await Promise.all([asked, holding]);
      expect(await query("SELECT name FROM person WHERE name = 'local:erin'")).toBe('');
      expect(await query("SELECT name FROM audit_event WHERE action = 'user.created'")).toBe('');
    },
    60_000,
  );
});
