import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isHeadSigned, parseHead } from '../../src/audit/head.ts';
import { openSyslogReceiver } from '../e2e/markers.ts';
import { startHttpReceiver } from '../notify/http-receiver.ts';
import type { HttpReceiver } from '../notify/http-receiver.ts';
import { startControlPlaneOn } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';
import { app, document } from './fixture.ts';

const part = await partOrSkip('postgres');
const PATIENCE = { timeout: 60_000, interval: 100 };
const AT_ONCE = 15;

describe.skipIf(part === undefined)('of two control planes on one PostgreSQL', () => {
  let postgres: RealPostgres;
  let hook: HttpReceiver;
  let heads: HttpReceiver;
  let syslog: Awaited<ReturnType<typeof openSyslogReceiver>>;
  let start: () => Promise<RealControlPlane>;
  const key = generateKeyPairSync('ed25519');
  const planes = new Set<RealControlPlane>();

  beforeAll(async () => {
    [postgres, hook, heads, syslog] = await Promise.all([
      startPostgres(),
      startHttpReceiver(),
      startHttpReceiver(),
      openSyslogReceiver(),
    ]);
    const url = await postgres.createDatabase();
    const folder = scratchFolder('elected-planes');
    const keyFile = join(folder, 'audit-key.pem');
    writeFileSync(keyFile, key.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const args = ['--audit-key-file', keyFile, '--audit-heads', heads.url, '--audit-syslog', syslog.url];
    start = async () => {
      const plane = await startControlPlaneOn(url, join(folder, 'token'), undefined, { args });
      planes.add(plane);
      return plane;
    };
  });
  afterAll(async () => {
    await Promise.all([...planes].map((each) => each.stop()));
    syslog?.close();
    await Promise.all([hook?.close(), heads?.close(), postgres?.stop()]);
  });

  async function ask(plane: RealControlPlane, method: string, request: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${plane.url}/ostiary.v1.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${plane.env.OSTIARY_TOKEN}` },
      body: JSON.stringify(request),
    });
    return { status: answer.status, ...((await answer.json()) as object) };
  }
  const apply = (plane: RealControlPlane, ...documents: object[]) =>
    ask(plane, 'ResourceService/Apply', { documents: documents.map((each) => ({ document: each })) });

  async function isElected(plane: RealControlPlane): Promise<boolean> {
    const metrics = await (await fetch(`${plane.adminUrl}/metrics`)).text();
    return /^ostiary_notify_elected 1$/m.test(metrics);
  }
  const elected = async () => {
    const found: RealControlPlane[] = [];
    for (const plane of planes) if (await isElected(plane)) found.push(plane);
    return found;
  };
  const killed = async (plane: RealControlPlane): Promise<void> => {
    planes.delete(plane);
    await plane.kill();
  };

  let next = 0;
  /** Each of the planes writes in its turn. */
  async function write(by: readonly RealControlPlane[]): Promise<void> {
    for (let at = 0; at < AT_ONCE; at += 1) {
      const plane = by[at % by.length] as RealControlPlane;
      expect(await apply(plane, app(`app-${next}`))).toMatchObject({ status: 200 });
      next += 1;
    }
  }
  const names = () => Array.from({ length: next }, (_, at) => `app-${at}`).toSorted();
  const delivered = () =>
    hook.received
      .filter(({ body }) => body['event'] === 'application.created')
      .map(({ body, headers }) => {
        return { name: String(Object(body['about']).name), id: headers['webhook-id'] };
      });
  const deliveredNames = () => [...new Set(delivered().map(({ name }) => name))].toSorted();
  /** The revisions that syslog was sent, in its order. */
  const logged = () =>
    [
      ...syslog.text().matchAll(/"revision":(\d+)[^\n]*?"action":"created"|"action":"created"[^\n]*?"revision":(\d+)/g),
    ].map((found) => Number(found[1] ?? found[2]));
  const repeated = (values: readonly unknown[]) => values.length - new Set(values).size;

  test('one tells of events, syslog and heads, and the other goes on where it was killed', async () => {
    const [one, other] = [await start(), await start()];
    await apply(one, document('Webhook', 'hook', { url: hook.url }));
    const events = ['application.created'];
    expect(await apply(one, document('Subscription', 'all', { events, webhooks: ['hook'] }))).toMatchObject({
      status: 200,
    });
    await expect.poll(elected, PATIENCE).toHaveLength(1);
    await write([one, other]);
    await expect.poll(deliveredNames, PATIENCE).toEqual(names());
    await expect.poll(() => new Set(logged()).size, PATIENCE).toBe(next + 2);
    // While nobody was killed, everything came once.
    expect([repeated(delivered().map(({ name }) => name)), repeated(logged())]).toEqual([0, 0]);
    await expect.poll(() => heads.received.length, PATIENCE).toBe(1);

    // Whoever has which office: both are killed, one after the other, while there is something to tell.
    for (const round of [1, 2]) {
      const [first] = await elected();
      if (first === undefined) throw new Error('nobody is elected');
      const rest = [...planes].filter((plane) => plane !== first);
      const writing = write(rest);
      await expect.poll(deliveredNames, PATIENCE).not.toEqual(names().slice(0, -1));
      await killed(first);
      await writing;
      await expect.poll(elected, PATIENCE).toEqual(rest);
      await expect.poll(deliveredNames, PATIENCE).toEqual(names());
      await expect.poll(() => new Set(logged()).size, PATIENCE).toBe(next + 2);
      // A receiver gets one message at a time: of each that was killed, one may come again.
      const all = delivered();
      expect(repeated(all.map(({ name }) => name))).toBeLessThanOrEqual(round);
      expect(new Set(all.map(({ name, id }) => `${name} ${String(id)}`)).size).toBe(next);
      if (round === 1) await start();
    }

    const [last] = planes;
    if (last === undefined) throw new Error('all were killed');
    const listed = await ask(last, 'EventService/ListEvents', { pageSize: 200 });
    const told = (listed['events'] as readonly { readonly event: string; readonly about: { readonly name: string } }[])
      .filter(({ event }) => event === 'application.created')
      .map(({ about }) => about.name);
    expect(told.toSorted()).toEqual(names());
    expect(await ask(last, 'AuditService/Verify', {})).not.toHaveProperty('problems');
    // A head for each that was elected, all of one trail.
    for (const { text } of heads.received) expect(isHeadSigned(parseHead(text), key.publicKey)).toBe(true);
    expect(heads.received.length).toBeGreaterThanOrEqual(2);
    expect(heads.received.length).toBeLessThanOrEqual(3);
    const revisions = heads.received.map(({ body }) => Number(body['revision']));
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
  });
});
