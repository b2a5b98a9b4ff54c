import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Effect, WatchRequestSchema, WatchResponseSchema } from '../../gen/ostiary/v1/resources_pb.js';
import type { WatchResponse } from '../../gen/ostiary/v1/resources_pb.js';
import type { RpcListener } from '../../src/grpc/rpc.ts';
import { http2Transport } from '../../src/http2/transport.ts';
import { formatListenAddress } from '../../src/listen/address.ts';
import { ME, put, remove } from '../registry/opened.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { openServices, TOKEN } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

const PATH = '/ostiary.v1.ResourceService/Watch';
const MANY = 3000;
/** As much as is written in one transaction. */
const BATCH = 500;

type Asked = MessageInitShape<typeof WatchRequestSchema>;

/** A stream of Watch on a connection of its own. */
class Watcher {
  readonly #client: Client;
  readonly #call: ClientReadableStream<WatchResponse>;
  readonly #responses: AsyncIterator<WatchResponse>;

  constructor(listener: RpcListener, request: Asked, token = TOKEN) {
    const address = formatListenAddress(listener.address);
    this.#client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const bytes = (asked: Asked) => Buffer.from(toBinary(WatchRequestSchema, create(WatchRequestSchema, asked)));
    const read = (answer: Buffer) => fromBinary(WatchResponseSchema, answer);
    this.#call = this.#client.makeServerStreamRequest(PATH, bytes, read, request, metadata);
    this.#call.on('error', () => {});
    this.#responses = this.#call[Symbol.asyncIterator]() as AsyncIterator<WatchResponse>;
  }

  /** @throws what the call has ended with */
  async next(): Promise<WatchResponse> {
    const { value, done } = await this.#responses.next();
    if (done === true) throw new Error('the stream has ended');
    return value;
  }

  /** All changes up to a revision, and that no other came. */
  async until(revision: number): Promise<WatchResponse[]> {
    const changes: WatchResponse[] = [];
    for (;;) {
      const response = await this.next();
      if (response.change !== undefined) changes.push(response);
      if (Number(response.revision) >= revision) return changes;
    }
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}

/** How changes are watched, whatever the database. */
export function watchesChanges(newPlace: NewPlace): void {
  let services: ControlServices;
  let listener: RpcListener;
  const watchers: Watcher[] = [];

  beforeEach(async () => {
    services = await openServices(await newPlace());
    listener = await http2Transport({ now: () => performance.now() })({
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      methods: services.methods,
      tls: undefined,
      maxMessageBytes: 1024 * 1024,
    });
  });
  afterEach(async () => {
    for (const watcher of watchers.splice(0)) watcher.close();
    await listener.drain(1000);
    await services.close();
  });

  const watch = (request: Asked, token?: string): Watcher => {
    const watcher = new Watcher(listener, request, token);
    watchers.push(watcher);
    return watcher;
  };
  const revisionsOf = (changes: readonly WatchResponse[]): number[] => changes.map(({ revision }) => Number(revision));
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);
  const write = async (from: number, to: number, text = ''): Promise<void> => {
    for (let at = from; at < to; at += BATCH) {
      const writes = range(at, Math.min(to, at + BATCH) - 1).map((number) => put(`n${number}`, `${number}${text}`));
      await services.registry.write(writes, ME);
    }
  };

  test('a watcher is told of thousands of changes in their order, none left out or twice, wherever it begins', async () => {
    await write(0, MANY / 2);
    const all = watch({ afterRevision: 0n });
    const late = watch({});
    // Where it begins, before anything has changed.
    expect(await late.next()).toMatchObject({ revision: BigInt(MANY / 2) });
    const writing = write(MANY / 2, MANY);
    expect(revisionsOf(await all.until(MANY))).toEqual(range(1, MANY));
    expect(revisionsOf(await late.until(MANY))).toEqual(range(MANY / 2 + 1, MANY));
    await writing;
  });

  test('a watcher that lost its connection goes on where it was', async () => {
    await write(0, MANY);
    const { history } = await services.registry.head();
    const seen: number[] = [];
    for (let round = 0; seen.length < MANY; round += 1) {
      const one = watch({ afterRevision: BigInt(seen.at(-1) ?? 0), history });
      for (let count = 0; count < 700 && seen.length < MANY; count += 1) {
        const { revision, change } = await one.next();
        if (change !== undefined) seen.push(Number(revision));
      }
      one.close();
      expect(round).toBeLessThan(10);
    }
    expect(seen).toEqual(range(1, MANY));
  });

  test('a watcher is told what became of a resource, and what it asked for alone', async () => {
    const key = { kind: 'Contract', namespace: 'shop', name: 'c' };
    const contracts = watch({ afterRevision: 0n, kinds: ['Contract'], namespaces: ['shop', 'zoo'] });
    await services.registry.write([put('a', 1), put('c', 1, { key })], ME);
    await services.registry.write([put('c', 2, { key }), put('b', 1)], ME);
    await services.registry.write([remove('c', { key }), remove('a')], ME);
    const changes = await contracts.until(6);
    expect(changes).toMatchObject([
      { revision: 2n, change: { effect: Effect.CREATED, resource: key, after: { document: { content: 1 } } } },
      { revision: 3n, change: { effect: Effect.CHANGED, resource: key, after: { document: { content: 2 } } } },
      { revision: 5n, change: { effect: Effect.DELETED, resource: key } },
    ]);
    expect(changes[2]?.change?.after).toBeUndefined();
  });

  test('a reader that is slow makes the control plane wait, and others are served meanwhile', async () => {
    const text = 'x'.repeat(4000);
    await write(0, MANY, text);
    const reading = vi.spyOn(services.registry, 'changesAfter');
    const slow = watch({ afterRevision: 0n });
    await slow.next();
    // What the connection holds is taken, and then nothing is read any more.
    for (let before = -1; reading.mock.calls.length > before;) {
      before = reading.mock.calls.length;
      await sleep(200);
    }
    expect(Number(reading.mock.calls.at(-1)?.[0])).toBeLessThan(MANY - BATCH);
    expect(await services.ask('ResourceService/List', { pageSize: 1, keysOnly: true })).toMatchObject({ total: MANY });
    const quick = watch({ afterRevision: BigInt(MANY - 10) });
    expect(revisionsOf(await quick.until(MANY))).toEqual(range(MANY - 9, MANY));
    expect(revisionsOf(await slow.until(MANY))).toEqual(range(1, MANY));
  });

  test('a watcher that is gone leaves nothing behind', async () => {
    const { registry } = services;
    const listening = new Set<object>();
    const listen = registry.onChange.bind(registry);
    vi.spyOn(registry, 'onChange').mockImplementation((listener_) => {
      listening.add(listener_);
      const end = listen(listener_);
      return () => {
        listening.delete(listener_);
        end();
      };
    });
    const some = range(1, 20).map(() => watch({ afterRevision: 0n }));
    for (const one of some) await one.next();
    expect(listening.size).toBe(20);
    // Some wait for news, some are cut in the middle of what they are told.
    for (const one of some.slice(0, 10)) one.close();
    const writing = write(0, MANY);
    for (const one of some.slice(10)) {
      await one.until(10);
      one.close();
    }
    await writing;
    while (listening.size > 0) await turn();
    expect(await services.ask('ResourceService/List', { pageSize: 1 })).toMatchObject({ total: MANY });
  });

  test('a watcher is refused what it can not be told', async () => {
    await write(0, 3);
    const { history } = await services.registry.head();
    const refusalOf = (request: Asked, token?: string) => watch(request, token).next();
    await expect(refusalOf({}, 'other')).rejects.toMatchObject({ code: 16 });
    await expect(refusalOf({ history: 'f'.repeat(32) })).rejects.toMatchObject({
      code: 9,
      details: `the log has the history ${history}: read everything again`,
    });
    await expect(refusalOf({ afterRevision: 4n, history })).rejects.toMatchObject({
      code: 9,
      details: 'the log ends at revision 3',
    });
  });
}
