import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RegistryPlace } from '../../src/registry/open.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';
import { startHttpReceiver } from './http-receiver.ts';
import { openWorld } from './world.ts';

const CONTRACTS = 240;
const KILLS = 6;

/** Contracts are written and told of by processes that are killed one after the other. */
async function tellAndKill(place: RegistryPlace): Promise<void> {
  const receiver = await startHttpReceiver();
  const told = (): ReadonlySet<string> =>
    new Set(receiver.received.map(({ body }) => String(Object(body['about']).name)));
  let next = 0;
  for (let round = 0; round <= KILLS; round += 1) {
    const args = [JSON.stringify(place), receiver.url, String(next), String(CONTRACTS)];
    const teller = fork(join(import.meta.dirname, 'tells-until-killed.ts'), args);
    const exited = once(teller, 'exit');
    teller.on('message', (at: number) => (next = at + 1));
    const enough = round === KILLS ? CONTRACTS : Math.floor(((round + 1) * CONTRACTS) / (KILLS + 2));
    // Of some that are in the log, and some that were sent.
    await expect
      .poll(() => (round % 2 === 0 ? next : told().size), { timeout: 60_000, interval: 2 })
      .toBeGreaterThanOrEqual(enough);
    if (round === KILLS) await expect.poll(() => told().size, { timeout: 60_000, interval: 50 }).toBe(CONTRACTS);
    else await sleep(round * 3);
    teller.kill('SIGKILL');
    await exited;
  }
  const world = await openWorld(place);
  const events = await world.events.list({ teams: undefined, before: undefined, limit: 1000 });
  await world.close();
  await receiver.close();
  const requested = events
    .filter(({ event }) => event.event === 'contract.requested')
    .map(({ event }) => event.about.name);
  // Each is an event once, whatever was killed, and was sent once at least, with its own id.
  expect(requested.length).toBe(CONTRACTS);
  expect(new Set(requested).size).toBe(CONTRACTS);
  const ids = new Map<string, Set<unknown>>();
  for (const { body, headers } of receiver.received) {
    const name = String(Object(body['about']).name);
    ids.set(name, (ids.get(name) ?? new Set()).add(headers['webhook-id']));
  }
  expect([...ids.values()].filter(({ size }) => size !== 1)).toEqual([]);
}

describe('whenever a teller is killed, every event is made once and sent', () => {
  test('in SQLite', async () => {
    await tellAndKill({ dataDir: join(scratchFolder('notify-killed'), 'data'), databaseUrl: undefined });
  }, 240_000);

  const part = partOrSkip('postgres');
  describe('in PostgreSQL', async () => {
    const found = await part;
    let postgres: RealPostgres;
    beforeAll(async () => {
      if (found !== undefined) postgres = await startPostgres();
    });
    afterAll(async () => {
      await postgres?.stop();
    });
    test.skipIf(found === undefined)(
      'it goes on in the next one',
      async () => {
        await tellAndKill({ dataDir: undefined, databaseUrl: await postgres.createDatabase() });
      },
      240_000,
    );
  });
});
