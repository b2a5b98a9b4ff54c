import { create, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { FollowRequestSchema, FollowResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { UpdateSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { ControlConnection } from '../../src/sync/connection.ts';
import { EVERYTHING } from '../../src/sync/scope.ts';
import type { Scope } from '../../src/sync/scope.ts';
import { directConnection } from './direct-connection.ts';
import { startControl, TestSidecar } from './fixture.ts';
import type { TestControl, TestSidecarOptions } from './fixture.ts';
import { api, MemoryLog, put } from './memory-log.ts';
import { MemoryStore } from './memory-store.ts';

const CLOSING: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of CLOSING.splice(0).toReversed()) await each.close();
});

async function control(log: MemoryLog, store = new MemoryStore()): Promise<TestControl> {
  const started = await startControl(log, { store });
  CLOSING.push(started);
  return started;
}

function sidecar(of: () => TestControl | undefined, options: TestSidecarOptions): TestSidecar {
  const started = new TestSidecar(of, options);
  CLOSING.push(started);
  return started;
}

/** A control plane that says what it is told to, forever where the list has no end. */
function liar(scope: Scope, messages: () => AsyncGenerator<Uint8Array>): () => Promise<ControlConnection> {
  return async () => ({
    join: async () => ({ node: 'one', credential: 'c', scope }),
    follow: () => ({ send() {}, messages: messages(), end() {}, cancel() {} }),
    report: () => async function* () {},
    close() {},
  });
}

const update = (value: MessageInitShape<typeof UpdateSchema>): Uint8Array =>
  toBinary(FollowResponseSchema, create(FollowResponseSchema, { message: { case: 'update', value } }));

const WRITTEN = JSON.stringify(api('evil'));
const EVIL = { kind: 'Api', namespace: 'default', name: 'evil', revision: 1n, createdRevision: 1n, document: WRITTEN };

describe('a sidecar keeps what it has', () => {
  async function withGood(scope: Scope, lies: () => AsyncGenerator<Uint8Array>): Promise<TestSidecar> {
    const log = new MemoryLog();
    await put(log, api('orders'));
    const plane = await control(log);
    const token = await plane.token(scope);
    let isLying = false;
    const lying = liar(scope, lies);
    const one = sidecar(() => plane, {
      token,
      connect: () => (isLying ? lying() : Promise.resolve(directConnection(() => plane.followers.methods()))),
    });
    await one.opened();
    isLying = true;
    await plane.followers.close();
    await one.until(() => one.said.filter((line) => line.startsWith('disconnected')).length >= 3);
    expect(one.names).toEqual(['Api orders']);
    return one;
  }

  it('where garbage comes', async () => {
    const one = await withGood(EVERYTHING, async function* () {
      yield Buffer.from('no message at all');
    });
    expect(one.said.join('\n')).toContain('no message');
  });

  it('where a snapshot has no end', async () => {
    const big = 'x'.repeat(64 * 1024);
    const one = await withGood(EVERYTHING, async function* () {
      for (let count = 0; ; count++)
        yield update({ snapshot: count === 0, upserts: [{ ...EVIL, name: `a${count}`, document: big }] });
    });
    expect(one.said.join('\n')).toContain('without an end');
  });

  it('where a snapshot begins anew without end', async () => {
    const big = 'x'.repeat(256 * 1024);
    const one = await withGood(EVERYTHING, async function* () {
      for (;;) yield update({ snapshot: true, upserts: [{ ...EVIL, document: big }] });
    });
    expect(one.said.join('\n')).toContain('without an end');
  });

  it('where another history comes, unless an administrator has said so', async () => {
    const position = { history: 'f'.repeat(32), revision: 99n, chainHash: new Uint8Array(32), committedAtMs: 0n };
    const one = await withGood(EVERYTHING, async function* () {
      yield update({ snapshot: true, upserts: [], commit: { position, stateHash: 0n, adopted: false } });
    });
    expect(one.said.join('\n')).toContain('of the history');
  });

  it('where documents come that are not of its scope', async () => {
    const scope = { ...EVERYTHING, apis: ['orders'] };
    const one = await withGood(scope, async function* () {
      yield update({ upserts: [EVIL], commit: { position: { history: '', revision: 2n }, stateHash: 1n } });
    });
    expect(one.said.join('\n')).toContain('not within the scope');
  });

  it('where a snapshot does not have the hash that it was sent with', async () => {
    const log = new MemoryLog();
    await put(log, api('orders'));
    const { history } = await log.head();
    const one = await withGood(EVERYTHING, async function* () {
      const position = { history, revision: 9n, chainHash: new Uint8Array(32), committedAtMs: 0n };
      yield update({ snapshot: true, upserts: [EVIL], commit: { position, stateHash: 7n, adopted: true } });
    });
    expect(one.said.join('\n')).toContain('does not have the hash');
  });
});

describe('a control plane', () => {
  type Said = NonNullable<MessageInitShape<typeof FollowRequestSchema>['message']>;
  const say = (message: Said): Uint8Array => toBinary(FollowRequestSchema, create(FollowRequestSchema, { message }));
  const HELLO = say({ case: 'hello', value: {} });

  async function joined(
    scope = EVERYTHING,
  ): Promise<{ plane: TestControl; log: MemoryLog; connection: ControlConnection; credential: string }> {
    const log = new MemoryLog();
    await put(log, api('orders'), api('shop/stock', { team: 'a' }), api('shop/bills', { team: 'b' }));
    const plane = await control(log);
    const connection = directConnection(() => plane.followers.methods());
    const { credential } = await connection.join(await plane.token(scope), 'one', '1');
    return { plane, log, connection, credential };
  }

  it('ends the stream of a sidecar that lies in its acknowledgements, and counts none of them', async () => {
    const { plane, connection, credential } = await joined();
    for (const [revision, stateHash] of [
      [3n, 1n],
      [99n, 0n],
    ] as const) {
      const stream = connection.follow(credential);
      stream.send(HELLO);
      await stream.messages.next();
      stream.send(say({ case: 'acknowledgement', value: { revision, stateHash } }));
      await expect(drain(stream.messages)).rejects.toThrow('acknowledgement');
    }
    await plane.followers.presence.flush();
    expect(await plane.store.list()).toMatchObject([{ enforcedRevision: 0 }]);
  });

  it('ends a stream with garbage, without a Hello, or with two', async () => {
    const { connection, credential } = await joined();
    for (const [messages, why] of [
      [[Buffer.from([255, 255, 255])], 'malformed'],
      [[say({ case: 'ping', value: {} })], 'first message'],
      [[HELLO, HELLO], 'a stream has one'],
      [[HELLO, new Uint8Array()], 'does not know'],
    ] as const) {
      const stream = connection.follow(credential);
      for (const message of messages) stream.send(message);
      await expect(drain(stream.messages)).rejects.toThrow(why);
    }
  });

  it('lets nobody in by a credential or a token that is unknown', async () => {
    const { connection } = await joined();
    await expect(drain(connection.follow('stolen').messages)).rejects.toThrow('unknown here');
    await expect(connection.join('stolen', 'two', '1')).rejects.toThrow('unknown');
    await expect(connection.join('stolen', 'two\n', '1')).rejects.toThrow('node:');
  });

  it('has one stream for each credential, however many are opened', async () => {
    const { plane, connection, credential } = await joined();
    const streams = Array.from({ length: 200 }, () => connection.follow(credential));
    const ends = streams.map((stream) => drain(stream.messages).catch((error: Error) => error.message));
    for (const stream of streams) stream.send(HELLO);
    const ended = await Promise.all(ends.slice(0, -1));
    expect(new Set(ended)).toEqual(new Set(['the sidecar has opened another stream']));
    expect(plane.followers.size).toBe(1);
    streams.at(-1)?.cancel();
  });

  it('serves the streams that it has without its database, and issues no receipt', async () => {
    const log = new MemoryLog();
    await put(log, api('orders'));
    const store = new MemoryStore();
    const plane = await control(log, store);
    const token = await plane.token();
    const one = sidecar(() => plane, { token });
    await one.opened();
    log.fault = store.fault = new Error('away');
    await expect(plane.receipts.of(1, 100)).rejects.toThrow('away');
    await expect(directConnection(() => plane.followers.methods()).join(token, 'two', '1')).rejects.toThrow('database');
    expect(plane.followers.size).toBe(1);
    log.fault = store.fault = undefined;
    const revision = await put(log, api('stock'));
    expect(await plane.receipts.of(revision, 10_000)).toMatchObject({ enforced: 1 });
  });
});

async function drain(messages: AsyncIterator<Uint8Array>): Promise<void> {
  while ((await messages.next()).done !== true);
}
