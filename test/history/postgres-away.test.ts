import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgres } from '../../src/database/open-postgres.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { DAY, HOUR, MINUTE, NOON, rowOf, Sender } from './slots.ts';

const part = await partOrSkip('postgres');
const QUESTION = { by: ['client'], where: [], order: 'count', most: 100, sinceMs: NOON, untilMs: NOON + HOUR } as const;

describe.skipIf(part === undefined)('a real PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
  });

  const open = async (url: string, nowMs = NOON + HOUR): Promise<History> => {
    const options = { url, schema: historySchema, applicationName: 'ostiary test', connectMs: 2000 };
    const clock = { now: () => nowMs, monotonic: () => nowMs };
    return new History(await openPostgres<HistoryTables>(options), { clock });
  };

  test('that was killed is said not to answer, and what was committed is there when it is back', async () => {
    const history = await open(await postgres.createDatabase());
    const sender = new Sender();
    const slots = [0, 1, 2].map((at) => sender.slot(NOON + at * MINUTE, [rowOf({ api: 'a', client: 'c' }, [1])]));
    await history.receive(slots.slice(0, 2));
    await postgres.kill();
    const failing = history.receive(slots);
    await expect(failing).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringMatching(
        /^postgres:\/\/127\.0\.0\.1:\d+\/\w+ does not answer \(.*\): check the address, and that the server runs$/,
      ),
    });
    await postgres.restart();
    expect((await history.receive(slots)).fates).toEqual(['repeated', 'repeated', 'added']);
    expect((await history.ask(QUESTION)).total.count).toBe(3);
    await history.close();
  });

  test('takes slots of several processes at once, that roll up and delete meanwhile, each once', async () => {
    const url = await postgres.createDatabase();
    const histories = await Promise.all([open(url), open(url), open(url)]);
    const sender = new Sender();
    const slots = Array.from({ length: 60 }, (_, at) =>
      sender.slot(
        NOON + (at % 30) * MINUTE,
        [0, 1, 2, 3].map((client) => rowOf({ api: 'a', client: `c${client}` }, [1])),
      ),
    );
    const over = new AbortController();
    const keeping = histories.map(async (history) => {
      while (!over.signal.aborted) {
        await history.keepUp();
        await sleep(5);
      }
    });
    // Each slot is sent to all of them.
    const receiving = histories.map(async (history, own) => {
      for (let at = 0; at < slots.length; at += 3) {
        const some = slots.slice(at, at + 3);
        await history.receive(own === 1 ? some.toReversed() : some);
      }
    });
    await Promise.all(receiving);
    over.abort();
    await Promise.all(keeping);
    for (const history of histories) {
      const { total, rows } = await history.ask(QUESTION);
      expect(total.count).toBe(240);
      expect(rows.map(({ count }) => count)).toEqual([60, 60, 60, 60]);
      await history.close();
    }
  }, 60_000);

  test('has a partition for each day, and days that are over go as a whole', async () => {
    const url = await postgres.createDatabase();
    const history = await open(url);
    const sender = new Sender();
    await history.receive([sender.slot(NOON, [rowOf({ api: 'a' }, [1])])]);
    await history.close();
    const partitions = (): Promise<string> =>
      postgres.psql(url, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'requests_1m'::regclass");
    expect(await partitions()).toBe('1');
    const later = await open(url, NOON + 40 * DAY);
    await later.receive([new Sender('node-2').slot(NOON + 40 * DAY, [rowOf({ api: 'a' }, [1])])]);
    expect(await partitions()).toBe('2');
    await later.keepUp();
    expect(await partitions()).toBe('1');
    expect((await later.ask({ ...QUESTION, by: [] })).total.count).toBe(1);
    await later.close();
  });

  test('with a wrong address, a wrong database or a newer schema is refused with a remedy, never with the password', async () => {
    const url = await postgres.createDatabase();
    await (await open(url)).close();
    await postgres.psql(url, "INSERT INTO ostiary_schema VALUES ('history', 99)");
    await expect(open(url)).rejects.toMatchObject({
      kind: 'newer',
      message: expect.stringMatching(/has version 99 .*: run the newer one$/),
    });
    const nobody = 'postgres://ostiary:hunter2@127.0.0.1:1/none';
    const refused = await open(nobody).then(
      () => 'opened',
      (error: unknown) => (error as Error).stack,
    );
    expect(refused).toContain('does not answer');
    expect(refused).not.toContain('hunter2');
    const missing = url.replace(/\/\w+$/, '/none');
    await expect(open(missing)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/database "none" does not exist; create it first$/),
    });
  });
});
