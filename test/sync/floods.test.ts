import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Flag, FrameType } from '../../src/http2/frame.ts';
import { grpcConnection } from '../../src/sync/grpc-connection.ts';
import { data, headers, ids, message, RawHttp2Client } from '../http2/raw-client.ts';
import { TestSidecar } from './fixture.ts';
import { api, MemoryLog, put } from './memory-log.ts';
import { RawFollower, say } from './raw-follower.ts';
import { listenControl } from './real-control.ts';
import type { ListeningControl } from './real-control.ts';

const STREAMS = Number(process.env['HOSTILE_STREAMS'] ?? 10_000);
const STREAMS_OF_A_CONNECTION = 1000;
const PATH = '/ostiary.v1.SyncService/Follow';
const HELLO = say({ case: 'hello', value: {} });

describe('a control plane with a sidecar that is hostile', () => {
  let log: MemoryLog;
  let plane: ListeningControl;
  let credential: string;
  let other: TestSidecar;
  const closing: (() => unknown)[] = [];

  beforeEach(async () => {
    log = new MemoryLog();
    changes = 0;
    await put(log, api('orders'));
    plane = await listenControl(log);
    const connection = grpcConnection(plane.url, undefined, systemClock);
    ({ credential } = await connection.join(await plane.token(), 'hostile', '1'));
    connection.close();
    other = await follow('other');
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
    await plane.close();
  });

  async function follow(node: string): Promise<TestSidecar> {
    const connect = () => Promise.resolve(grpcConnection(plane.url, undefined, systemClock));
    const sidecar = new TestSidecar(() => plane, { node, token: await plane.token(), connect });
    closing.push(() => sidecar.close());
    await sidecar.opened();
    return sidecar;
  }

  let changes: number;

  /** The others are served as ever: those who are there, and those who come. */
  async function othersAreServed(): Promise<void> {
    const name = `api-${(changes += 1)}`;
    const revision = await put(log, api(name));
    await other.until(() => other.revision === revision);
    const late = await follow(`late-${changes}`);
    expect(late.names).toContain(`Api ${name}`);
  }

  /** Streams of the credential, on as many connections as they need. */
  async function openMany(...first: readonly Uint8Array[]): Promise<readonly RawHttp2Client[]> {
    const clients: RawHttp2Client[] = [];
    for (let at = 0; at < STREAMS; at += STREAMS_OF_A_CONNECTION) {
      const client = await RawHttp2Client.open(plane.port);
      closing.push(() => client.close());
      clients.push(client);
      for (const id of ids(Math.min(STREAMS_OF_A_CONNECTION, STREAMS - at))) {
        client.send(headers(id, PATH, Flag.endHeaders, { authorization: `Bearer ${credential}` }));
        for (const each of first) client.send(data(id, message(each), 0));
      }
    }
    return clients;
  }

  it(`that opens ${STREAMS} streams keeps one of them`, async () => {
    await openMany(HELLO);
    await othersAreServed();
    // Its own, and those of the two others.
    while (plane.followers.size !== 3) await sleep(20);
    expect((await plane.store.list()).map(({ node }) => node)).toEqual(['hostile', 'late-1', 'other']);
  });

  it(`that opens ${STREAMS} streams and says nothing on them keeps one of them`, async () => {
    const clients = await openMany();
    await othersAreServed();
    const ended = () => clients.reduce((sum, { frames }) => sum + new Set(frames.filter(isEnd).map(idOf)).size, 0);
    while (ended() < STREAMS - 1) await sleep(50);
    expect(plane.followers.size).toBe(2);
  });

  it('that asks for everything again and again, and reads nothing of it, holds up nobody and fills no memory', async () => {
    const text = 'x'.repeat(20_000);
    await put(log, ...Array.from({ length: 40 }, (_, at) => api(`large-${at}`, {}, { text })));
    const client = await RawHttp2Client.open(plane.port);
    closing.push(() => client.close());
    client.send(
      headers(1, PATH, Flag.endHeaders, { authorization: `Bearer ${credential}` }),
      data(1, message(HELLO), 0),
    );
    client.socket.pause();
    await othersAreServed();
    const before = process.memoryUsage().rss;
    const resync = data(1, message(say({ case: 'resync', value: {} })), 0);
    for (let count = 0; count < 100; count += 1) {
      client.send(...Array.from({ length: 100 }, () => resync));
      await sleep(1);
    }
    await othersAreServed();
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(100);
  });

  it('that says more than it has to tell is heard to a bound', async () => {
    const commits: number[] = [];
    const hostile = new RawFollower({ port: plane.port, credential }, ({ message: told }) => {
      if (told.case !== 'update' || told.value.commit === undefined) return;
      commits.push(Number(told.value.commit.position?.revision));
      // Again and again the same, which is true.
      for (let count = 0; count < 1000; count += 1) hostile.acknowledge(told.value.commit);
    });
    closing.push(() => hostile.close());
    while (commits.length === 0) await sleep(5);
    const fault = { resource: 'r'.repeat(1000), field: 'f'.repeat(1000), message: 'm'.repeat(2000) };
    hostile.send({ case: 'rejection', value: { revision: 1n, faults: Array.from({ length: 40 }, () => fault) } });
    const told = async () => (await plane.store.list()).find(({ node }) => node === 'hostile')?.faults ?? [];
    while ((await told()).length === 0) await sleep(5);
    expect(await told()).toHaveLength(20);
    expect(JSON.stringify(await told()).length).toBeLessThan(20 * 2000);
    await othersAreServed();
    expect((await plane.store.list()).find(({ node }) => node === 'other')?.faults).toEqual([]);
  });
});

function isEnd({ type, flags }: { readonly type: number; readonly flags: number }): boolean {
  return type === FrameType.rstStream || (type <= FrameType.headers && (flags & Flag.endStream) !== 0);
}

function idOf({ streamId }: { readonly streamId: number }): number {
  return streamId;
}
