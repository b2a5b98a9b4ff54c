import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { test } from 'vitest';
import { startControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';
import { changesNothingUnseen } from './recorded-changes.ts';
import type { Place, Query } from './recorded-changes.ts';

test('whatever is done to people, tokens and sidecars is in the audit trail, or is not done', async () => {
  const dataDir = join(scratchFolder('recorded'), 'data');
  const alone = async <Result>(work: (query: Query) => Promise<Result>): Promise<Result> => {
    await place.plane.stop();
    const database = new DatabaseSync(join(dataDir, 'control.db'));
    try {
      return await work(async (statement) => {
        const rows = database.prepare(statement).all();
        return rows.map((row) => Object.values(row).join('|')).join('\n');
      });
    } finally {
      database.close();
    }
  };
  const place: Place = {
    plane: await startControlPlane(dataDir),
    async beside(work) {
      const result = await alone(work);
      place.plane = await startControlPlane(dataDir);
      return result;
    },
    after: alone,
  };
  const breaking = `CREATE TRIGGER broken BEFORE INSERT ON audit_event WHEN NEW.outcome = 'done' BEGIN
    SELECT RAISE(ABORT, 'broken'); END`;
  await changesNothingUnseen(place, breaking, 'DROP TRIGGER broken');
}, 60_000);
