import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Database, Schema } from '../../src/database/database.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import { DAY, HOUR, NOON } from './slots.ts';

/** Opens the same database again and again, each time with the tables of a schema. */
export type OpenSame = () => Promise<(schema: Schema) => Promise<Database<HistoryTables>>>;

const DAY_S = 86_400;

/** How a history of the first version of the tables goes on. */
export function historyIsUpgraded(open: OpenSame): void {
  test('a history of the first tables answers as before, and its days become four days', async () => {
    const openWith = await open();
    const first = await openWith({ part: 'history', migrations: historySchema.migrations.slice(0, 1) });
    const run = (text: string): Promise<unknown> => sql.raw(text).execute(first.kysely);
    await run(`INSERT INTO history_text (id, text) VALUES (7, 'orders')`);
    const names =
      '"view", api, route, client, contract, tier, method, status, outcome, policy, reason, source, service';
    for (const [id, view] of [
      [11, 0],
      [12, 1],
    ])
      await run(`INSERT INTO history_series (id, ${names}) VALUES (${id}, ${view}, 7${', 0'.repeat(11)})`);
    const today = Math.floor(NOON / DAY);
    const octets = first.engine === 'sqlite' ? "x''" : "''::bytea";
    for (let day = today - 20; day < today; day += 1) {
      for (const [table, series] of [
        ['requests_1d', 11],
        ['requests_1d_api', 12],
      ])
        await run(
          `INSERT INTO ${table} VALUES (${Math.floor(day / 32)}, ${series}, ${day % 32}, 1, 0, 0, 5, 5, 0, 0, 0, ${octets})`,
        );
      await run(`INSERT INTO history_completeness VALUES (3, ${day}, 1, 1, 1, 0, 0, 0)`);
    }
    // One more day is still to be made, of an hour.
    await run(`INSERT INTO history_due VALUES (3, ${today})`);
    await first.close();

    const clock = { nowMs: NOON + 10 * DAY, now: () => clock.nowMs, monotonic: () => 0 };
    const database = await openWith(historySchema);
    const history = new History(database, { clock });
    const counted = async (): Promise<unknown> => {
      const { total, completeness, rows } = await history.ask({
        sinceMs: NOON - 30 * DAY,
        untilMs: NOON + HOUR,
        by: ['api'],
        where: [],
        order: 'count',
        most: 10,
      });
      return [total.count, completeness.decided, rows.map(({ values, count }) => [values, count])];
    };
    const expected = [20, 20, [[['orders'], 20]]];
    expect(await counted()).toEqual(expected);
    await history.keepUp();
    expect(await counted()).toEqual(expected);
    const { rows } = await sql<{ sum: number }>`SELECT CAST(sum(count) AS bigint) AS sum FROM requests_4d`.execute(
      database.kysely,
    );
    expect(rows[0]?.sum).toBe(20);
    const used = await database.kysely.selectFrom('history_series').select('used').execute();
    expect(Math.min(...used.map((each) => each.used))).toBeGreaterThan(Date.now() / 1000 / DAY_S - 2);
    await history.close();
  });
}
