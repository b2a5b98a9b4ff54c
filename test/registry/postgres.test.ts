import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Outrun } from '../../src/registry/conflict.ts';
import type { RegistryPlace } from '../../src/registry/open.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { backupBehaves } from './backup-behaviour.ts';
import { registryBehaves } from './behaviour.ts';
import type { NewPlace } from './fixture.ts';
import { ME, openAt, put } from './opened.ts';

const part = await partOrSkip('postgres');

describe.skipIf(part === undefined)('the log in PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  const newPlace: NewPlace = async () => ({ dataDir: undefined, databaseUrl: await postgres.createDatabase() });
  registryBehaves(newPlace);
  backupBehaves(newPlace);

  const openMany = async (place: RegistryPlace, count: number) =>
    Promise.all(Array.from({ length: count }, () => openAt(place)));

  test('several that start at once agree on the history', async () => {
    const opened = await openMany(await newPlace(), 4);
    const histories = await Promise.all(opened.map(async ({ registry }) => (await registry.head()).history));
    expect(new Set(histories).size).toBe(1);
    for (const each of opened) await each.close();
  });

  test('several write at once: no hole, no double, and each follower sees all of it in order', async () => {
    const opened = await openMany(await newPlace(), 4);
    const seen: number[][] = opened.map(() => []);
    const following = opened.map(({ registry }, own) => {
      let reading = Promise.resolve();
      registry.onChange(() => {
        const earlier = reading;
        reading = (async () => {
          await earlier;
          const after = seen[own]?.at(-1) ?? 0;
          for (const { revision } of await registry.changesAfter(after, 1000)) seen[own]?.push(revision);
        })();
      });
      return () => reading;
    });
    let written = 0;
    await Promise.all(
      opened.map(async ({ registry }, own) => {
        for (let at = 0; at < 50; at += 1) {
          // Some are new, some are fought over, and some change nothing.
          const { changes } = await registry.write([put(`own-${own}`, at), put(`shared-${at}`, own % 2)], ME);
          written += changes.length;
        }
      }),
    );
    const all = Array.from({ length: written }, (_, at) => at + 1);
    const [first] = opened;
    expect((await first?.registry.changesAfter(0, 10_000))?.map(({ revision }) => revision)).toEqual(all);
    expect((await first?.registry.verify())?.problems).toEqual([]);
    // By notices, or at the latest by the look each second.
    for (let tries = 0; seen.some((one) => one.length < written) && tries < 500; tries += 1) await sleep(20);
    for (const settle of following) await settle();
    expect(seen).toEqual(opened.map(() => all));
    for (const each of opened) await each.close();
  });

  test('of two that have checked against the same state one writes, and the other checks again', async () => {
    const opened = await openMany(await newPlace(), 2);
    const results = await Promise.allSettled(opened.map(({ registry }, own) => registry.write([put('a', own)], ME, 0)));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: expect.any(Outrun) as Outrun });
    for (const each of opened) await each.close();
  });

  test('while the server is away writes are refused, and a follower goes on when it is back', async () => {
    const place = await newPlace();
    const [one, other] = await openMany(place, 2);
    if (one === undefined || other === undefined) throw new Error('not opened');
    const told: number[] = [];
    other.registry.onChange((revision) => told.push(revision));
    await one.registry.write([put('a', 1)], ME);
    await postgres.kill();
    await expect(one.registry.write([put('a', 2)], ME)).rejects.toMatchObject({ kind: 'unreachable' });
    await postgres.restart();
    expect((await one.registry.write([put('a', 3)], ME)).head.revision).toBe(2);
    for (let tries = 0; told.at(-1) !== 2 && tries < 500; tries += 1) await sleep(20);
    expect(told.at(-1)).toBe(2);
    expect((await other.registry.snapshot()).resources[0]?.document).toEqual({ name: 'a', content: 3 });
    await one.close();
    await other.close();
  });

  test('no password is in an error', async () => {
    const failing = openAt({ dataDir: undefined, databaseUrl: 'postgres://ostiary:hunter2@127.0.0.1:1/none' });
    await expect(failing).rejects.toThrow(/does not answer/);
    await expect(failing).rejects.not.toThrow(/hunter2/);
  });
});
