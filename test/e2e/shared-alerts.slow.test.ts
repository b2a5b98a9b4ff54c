import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '../../src/alerts/notification.ts';
import { openPostgres } from '../../src/database/open-postgres.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import { systemClock } from '../../src/clock.ts';
import { rowOf, Sender } from '../history/slots.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { documentsFolder } from './documents.ts';
import type { Document } from './documents.ts';

const part = await partOrSkip('postgres');
const PATIENCE = { timeout: 60_000, interval: 200 };
/** Two evaluations of a rule that is evaluated every ten seconds, and a replica's time to go on. */
const TWO_EVALUATIONS_MS = 26_000;
const SLOT_MS = 10_000;

const api = (name: string): Document => ({ kind: 'Api', metadata: { name }, spec: { basePath: `/${name}` } });
const alert = (name: string): Document => ({
  kind: 'Alert',
  metadata: { name: `${name}-busy` },
  spec: { api: name, metric: 'requests', threshold: 100, window: '10m', notify: ['ops'] },
});

describe.skipIf(part === undefined)('replicas that share a history in a real PostgreSQL', () => {
  let postgres: RealPostgres;
  let receiver: Server;
  let history: History;
  let replicas: Map<string, RealOstiary>;
  const told: Message[] = [];
  const sender = new Sender('envoys');

  beforeAll(async () => {
    postgres = await startPostgres();
    const url = await postgres.createDatabase();
    const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      told.push(JSON.parse(await text(request)) as Message);
      response.end();
    };
    receiver = createServer((request, response) => void take(request, response));
    await new Promise<void>((resolve) => {
      receiver.listen(0, '127.0.0.1', resolve);
    });
    const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const policies = documentsFolder([
      api('orders'),
      api('stock'),
      alert('orders'),
      alert('stock'),
      { kind: 'Webhook', metadata: { name: 'ops' }, spec: { url: hook } },
    ]);
    const start = async (node: string): Promise<[string, RealOstiary]> => [
      node,
      await startOstiary({ policies, args: ['--node-id', node], env: { OSTIARY_ANALYTICS_DATABASE: url } }),
    ];
    replicas = new Map(await Promise.all([start('one'), start('two'), start('three')]));
    const options = { url, schema: historySchema, applicationName: 'ostiary test' };
    history = new History(await openPostgres<HistoryTables>(options), { clock: systemClock });
  });
  afterAll(async () => {
    await Promise.all([...replicas.values()].map((each) => each.stop()));
    await history?.close();
    receiver?.close();
    await postgres?.stop();
  });

  /** Requests that have just ended. */
  async function count(name: string): Promise<void> {
    const startMs = Math.floor(Date.now() / SLOT_MS) * SLOT_MS - SLOT_MS;
    await history.receive([
      sender.slot(startMs, [rowOf({ api: name, outcome: 'processed', status: '200' }, [1], 200)]),
    ]);
  }

  const toldOf = (name: string): readonly string[] =>
    told.filter((each) => each.alert === `${name}-busy`).map(({ status }) => status);

  async function electedOf(names: Iterable<string>): Promise<readonly string[]> {
    const elected: string[] = [];
    for (const name of names) {
      const metrics = await (await fetch(`${replicas.get(name)?.adminUrl}/metrics`)).text();
      const [, is] = /^ostiary_alerts_elected ([01])$/m.exec(metrics) ?? [];
      expect(is).toBeDefined();
      if (is === '1') elected.push(name);
    }
    return elected;
  }

  test('tell an alert once, though the one that told it is killed, and the next one goes on', async () => {
    await expect.poll(() => electedOf(replicas.keys()), PATIENCE).toHaveLength(1);
    await count('orders');
    await expect.poll(() => toldOf('orders'), PATIENCE).toEqual(['firing']);
    const [first] = await electedOf(replicas.keys());
    expect(told.map(({ node }) => node)).toEqual([first]);

    await replicas.get(first as string)?.kill();
    replicas.delete(first as string);
    const killedAt = Date.now();
    await expect.poll(() => electedOf(replicas.keys()), PATIENCE).toHaveLength(1);
    expect(Date.now() - killedAt).toBeLessThan(30_000);
    await sleep(TWO_EVALUATIONS_MS);
    expect(toldOf('orders')).toEqual(['firing']);

    await count('stock');
    await expect.poll(() => toldOf('stock'), PATIENCE).toEqual(['firing']);
    const [second] = await electedOf(replicas.keys());
    expect(told.map(({ node }) => node)).toEqual([first, second]);

    // An orderly end hands over too.
    await replicas.get(second as string)?.stop();
    replicas.delete(second as string);
    await expect.poll(() => electedOf(replicas.keys()), PATIENCE).toHaveLength(1);
    await sleep(TWO_EVALUATIONS_MS);
    expect(told).toHaveLength(2);
  });
});
