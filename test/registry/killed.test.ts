import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import type { RegistryPlace } from '../../src/registry/open.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';
import { openAt } from './opened.ts';

const WRITES = 1000;
const KILLS = 4;

/** Writes 1,000 resources one after the other, and is killed in the middle, again and again. */
async function writeAndKill(place: RegistryPlace): Promise<void> {
  const acknowledged = new Map<string, number>();
  let begun = 0;
  for (let round = 0; acknowledged.size < WRITES; round += 1) {
    const args = [JSON.stringify(place), String(begun), String(WRITES)];
    const writer = fork(join(import.meta.dirname, 'writes-until-killed.ts'), args);
    const exited = once(writer, 'exit');
    let ofRound = 0;
    const enough = Promise.withResolvers<void>();
    writer.on('message', ({ name, revision }: { name: string; revision: number }) => {
      acknowledged.set(name, revision);
      begun = Math.max(begun, Number(name.slice(1)) + 1);
      ofRound += 1;
      if (round < KILLS && ofRound === 100 + round * 31) enough.resolve();
    });
    await Promise.race([enough.promise, exited]);
    if (round < KILLS) await sleep(round);
    writer.kill('SIGKILL');
    await exited;
    // The last one may have been written, and its process killed before it told.
    if (round < KILLS) expect(acknowledged.size).toBeLessThan(WRITES);
    else break;
  }
  const { registry, close } = await openAt(place);
  const { resources, head } = await registry.snapshot();
  const changes = await registry.changesAfter(0, 10_000);
  const verified = await registry.verify();
  await close();
  expect(acknowledged.size).toBe(WRITES);
  const byName = new Map(resources.map(({ name, revision }) => [name, revision]));
  for (const [name, revision] of acknowledged) expect([name, byName.get(name)]).toEqual([name, revision]);
  expect(changes.map(({ revision }) => revision)).toEqual(Array.from({ length: head.revision }, (_, at) => at + 1));
  expect(verified.problems).toEqual([]);
}

describe('whenever a writer is killed, no acknowledged write is lost, and no revision is left out or there twice', () => {
  test('in SQLite', async () => {
    await writeAndKill({ dataDir: scratchFolder('killed'), databaseUrl: undefined });
  }, 120_000);

  describe('in PostgreSQL', async () => {
    const part = await partOrSkip('postgres');
    let postgres: RealPostgres | undefined;
    afterAll(async () => {
      await postgres?.stop();
    });
    test.skipIf(part === undefined)(
      'too',
      async () => {
        postgres = await startPostgres();
        await writeAndKill({ dataDir: undefined, databaseUrl: await postgres.createDatabase() });
      },
      120_000,
    );
  });
});
