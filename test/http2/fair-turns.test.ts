import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { http2Transport } from '../../src/http2/transport.ts';
import type { Method, RpcListener } from '../../src/grpc/rpc.ts';
import { Flag } from '../../src/http2/frame.ts';
import { data, headers, ids, message, preface, settings } from './raw-client.ts';

const path = '/test.Order/Unary';
let listener: RpcListener | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener?.drain(0);
});

/** A server that writes down, of each message it is sent, the first octet. */
async function openServer(): Promise<{ order: string; open(): Promise<Socket> }> {
  const server = { order: '', open };
  const handle = (request: Uint8Array): Uint8Array => {
    server.order += String.fromCodePoint(request[0]!);
    return request.subarray(0, 1);
  };
  const methods: readonly Method[] = [{ kind: 'unary', path, handle }];
  const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
  const listening = await http2Transport({ now: () => performance.now() })({
    address,
    methods,
    tls: undefined,
    maxMessageBytes: 5_000_000,
    gzip: true,
  });
  listener = listening;
  return server;

  async function open(): Promise<Socket> {
    const socket = connect((listening.address as { port: number }).port, '127.0.0.1').resume();
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(Buffer.concat([preface, settings()]));
    return socket;
  }
}

const call = (id: number, name: string): Buffer =>
  Buffer.concat([headers(id, path), data(id, message(Buffer.from(name)))]);

it('a connection that sends thousands of calls at once does not come before others', async () => {
  const server = await openServer();
  const [flood, other] = [await server.open(), await server.open()];
  const calls = 10_000;
  flood.write(Buffer.concat(ids(calls).map((id) => call(id, 'f'))));
  other.write(call(1, 'o'));
  await expect.poll(() => server.order.length, { timeout: 10_000 }).toBe(calls + 1);
  // One read of it at most, and what it may do at once of the next.
  expect(server.order.indexOf('o')).toBeLessThan(1000);
});

it('all of several such connections go on in turn, and each to its end', async () => {
  const server = await openServer();
  const calls = 3000;
  const names = ['a', 'b', 'c', 'd'];
  for (const name of names) {
    const socket = await server.open();
    socket.write(Buffer.concat(ids(calls).map((id) => call(id, name))));
  }
  await expect.poll(() => server.order.length, { timeout: 10_000 }).toBe(calls * names.length);
  for (const name of names) expect(server.order.split(name).length - 1).toBe(calls);
  // Nobody has finished before another was served half.
  expect(new Set(server.order.slice(0, calls * 2))).toEqual(new Set(names));
});

it('what a message unpacks to counts as work', async () => {
  const server = await openServer();
  const [flood, other] = [await server.open(), await server.open()];
  const bomb = message(gzipSync(Buffer.concat([Buffer.from('z'), Buffer.alloc(1_500_000)])), 1);
  const calls = ids(5).map((id) =>
    Buffer.concat([headers(id, path, Flag.endHeaders, { 'grpc-encoding': 'gzip' }), data(id, bomb)]),
  );
  flood.write(Buffer.concat(calls));
  other.write(call(1, 'o'));
  await expect.poll(() => server.order.length).toBe(6);
  expect(server.order.indexOf('o')).toBeLessThan(4);
});
