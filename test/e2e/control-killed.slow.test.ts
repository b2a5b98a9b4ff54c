import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { startControlPlane, startControlPlaneOn } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api, apply, ask, client, contract, credentialsOf, startFollower, startFront } from './followed.ts';
import type { Receipt } from './followed.ts';

const envoyPart = await partOrSkip('envoy');
const postgresPart = await partOrSkip('postgres');

const WRITES = Number(process.env['CONTROL_WRITES'] ?? 200);
const KILLS = 4;
/** Who write at once. */
const WRITERS = 4;
const PAGE = 1000;

interface AuditPage {
  readonly changes: readonly { readonly revision: string; readonly resource: { readonly name: string } }[];
  readonly nextPageToken?: string;
}

type Start = (listen?: string) => Promise<RealControlPlane>;

async function allChanges(control: RealControlPlane): Promise<AuditPage['changes']> {
  const all: AuditPage['changes'][number][] = [];
  let pageToken = '';
  do {
    const page = await ask<AuditPage>(control, 'AuditService/ListChanges', { pageSize: PAGE, pageToken });
    all.push(...page.changes);
    pageToken = page.nextPageToken ?? '';
  } while (pageToken !== '');
  return all;
}

/** Writes, and kills the control plane in the middle, while a sidecar is asked all the time. */
async function writeAndKill(start: Start): Promise<void> {
  let control = await start();
  const listen = new URL(control.url).host;
  await apply(control, [api('orders'), client('web'), contract('orders', 'web', 'approved'), client('stranger')]);
  const sidecar = await startFollower(control, 'sidecar');
  const front = await startFront([sidecar]);
  const acknowledged = new Map<string, number>();
  let next = 0;
  const over = new AbortController();

  const write = async (): Promise<void> => {
    while (next < WRITES) {
      const name = `client-${next}`;
      next += 1;
      while (!acknowledged.has(name)) {
        try {
          const { faults, results } = await apply(control, [client(name)]);
          if (faults !== undefined) throw new TypeError(JSON.stringify(faults));
          acknowledged.set(name, Number(results[0]?.revision));
        } catch (error) {
          if (error instanceof TypeError && !error.message.includes('fetch')) throw error;
          // Nobody answers: it may have been written, and the next try tells.
          await sleep(20);
        }
      }
    }
  };

  const wrong: string[] = [];
  let answers = 0;
  const askAlways = async (): Promise<void> => {
    while (!over.signal.aborted) {
      for (const [name, expected] of [
        ['web', 200],
        ['stranger', 401],
      ] as const) {
        const { status, body } = await fetch(`${front.url}/orders/1`, { headers: credentialsOf(name) });
        await body?.cancel();
        answers += 1;
        if (status !== expected) wrong.push(`${name}: ${status} at ${acknowledged.size} writes`);
      }
      await sleep(5);
    }
  };

  const asking = askAlways();
  const writing = Promise.all(Array.from({ length: WRITERS }, write));
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const goal = Math.floor((kill * WRITES) / (KILLS + 1));
    while (acknowledged.size < goal) await sleep(1);
    await control.kill();
    // The sidecar is asked while nobody is there.
    await sleep(200);
    control = await start(listen);
  }
  await writing;
  const { receipt } = await ask<{ receipt: Receipt }>(control, 'SidecarService/GetReceipt', { wait: '30s' });
  over.abort();
  await asking;

  const changes = await allChanges(control);
  const revisions = changes.map(({ revision }) => Number(revision)).toReversed();
  const written = new Map(changes.map(({ resource: { name }, revision }) => [name, Number(revision)]));
  const verified = await ask<{ problems?: readonly string[] }>(control, 'AuditService/Verify', {});
  await Promise.all([front.stop(), sidecar.stop(), control.stop()]);
  console.log(`${WRITES} writes, ${KILLS} kills, ${answers} answers of the sidecar`);
  expect(acknowledged.size).toBe(WRITES);
  for (const [name, revision] of acknowledged) expect([name, written.get(name)]).toEqual([name, revision]);
  // Whoever was killed before it told has written once, and not again.
  expect(revisions).toEqual(Array.from({ length: WRITES + 4 }, (_, at) => at + 1));
  expect(verified.problems ?? []).toEqual([]);
  expect(wrong).toEqual([]);
  expect(receipt).toMatchObject({ enforced: 1 });
}

describe.skipIf(envoyPart === undefined)(`a control plane that is killed in the middle of ${WRITES} writes`, () => {
  const folder = scratchFolder('control-killed');
  let postgres: RealPostgres | undefined;
  afterAll(() => postgres?.stop());

  test('has every acknowledged one on SQLite, once, and its sidecar answers right throughout', async () => {
    await writeAndKill((listen) => startControlPlane(join(folder, 'data'), listen));
  });

  test.skipIf(postgresPart === undefined)('has them on PostgreSQL too', async () => {
    postgres = await startPostgres();
    const database = await postgres.createDatabase();
    await writeAndKill((listen) => startControlPlaneOn(database, join(folder, 'token'), listen));
  });
});
