import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { startHttpReceiver } from './http-receiver.ts';
import { numbered, setting } from './numbered.ts';
import { tellsPeople } from './telling.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const PATIENCE = { timeout: 15_000, interval: 20 };

const part = await partOrSkip('postgres');

describe.skipIf(part === undefined)('events for people on PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  const newPlace = async () => ({ dataDir: undefined, databaseUrl: await postgres.createDatabase() });
  tellsPeople(newPlace);

  test('one of two control planes tells, and the other goes on where it ends', async () => {
    const place = await newPlace();
    const receiver = await startHttpReceiver();
    const [one, other] = [await openWorld(place), await openWorld(place)];
    const elected = async (world: World): Promise<boolean> =>
      (await world.metrics.metrics()).includes('\nostiary_notify_elected 1\n');
    await one.write(setting(receiver.url));
    for (let at = 0; at < 20; at += 1) await (at % 2 === 0 ? one : other).write([numbered(at)]);
    await expect.poll(() => receiver.received.length, PATIENCE).toBe(20);
    const [isFirst, isSecond] = [await elected(one), await elected(other)];
    expect(isFirst).toBe(!isSecond);
    const [ending, staying] = isFirst ? [one, other] : [other, one];
    await ending.close();
    for (let at = 20; at < 30; at += 1) await staying.write([numbered(at)]);
    await expect.poll(() => receiver.received.length, PATIENCE).toBe(30);
    expect(await elected(staying)).toBe(true);
    expect(new Set(receiver.received.map(({ body }) => body['id'])).size).toBe(30);
    await staying.close();
    await receiver.close();
  });
});
