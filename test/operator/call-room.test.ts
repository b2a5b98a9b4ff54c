import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { roomForCalls } from '../../src/operator/call-room.ts';

/** One place is left for whoever comes next: see Budget. */
const PLACES = 7;
const HALF = 'POST /half HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf';
const WHOLE = 'POST /whole HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nbody';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Requests to /half and /whole are never answered; all others are, at once. */
async function open() {
  const waiting: ServerResponse[] = [];
  let now = 0;
  const take = roomForCalls(PLACES + 1, () => now);
  const server = createServer((request, response) => {
    if (!take(request.socket, request, response)) return;
    request.resume();
    if (request.url === '/half' || request.url === '/whole') waiting.push(response);
    else response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  const send = async (text: string): Promise<Socket> => {
    const before = waiting.length;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    closing.push(() => socket.destroy());
    socket.resume().write(text);
    while (waiting.length === before) await new Promise((resolve) => setImmediate(resolve));
    return socket;
  };
  const ask = async (): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' });
    return response.status;
  };
  return { send, ask, advance: (ms: number) => (now += ms) };
}

it('requests that never end are ended for others, the oldest first, and not before a second', async () => {
  const { send, ask, advance } = await open();
  const held: Socket[] = [];
  for (let count = 0; count < PLACES; count++) held.push(await send(HALF));
  expect(await ask()).toBe(429);
  advance(1000);
  const cut = once(held[0]!, 'close');
  expect(await ask()).toBe(200);
  await cut;
  expect(held.slice(1).map(({ closed }) => closed)).not.toContain(true);
  // The place that was won is free again.
  expect(await ask()).toBe(200);
});

it('calls whose request is here keep their places, however long they last', async () => {
  const { send, ask, advance } = await open();
  const held: Socket[] = [];
  for (let count = 0; count < PLACES; count++) held.push(await send(WHOLE));
  advance(3_600_000);
  expect(await ask()).toBe(429);
  expect(held.map(({ closed }) => closed)).not.toContain(true);
});
