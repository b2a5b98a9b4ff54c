import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { admit, ConnectionRoom } from '../../src/listen/connection-room.ts';
import type { ConnectionRoomOptions } from '../../src/listen/connection-room.ts';

const OPEN: { destroy(): void }[] = [];
let server: Server;
afterEach(() => {
  for (const one of OPEN.splice(0)) one.destroy();
  server.close();
});

let nowMs = 0;
async function listening(options: Partial<ConnectionRoomOptions> = {}) {
  const full = { count: 0 };
  const room = new ConnectionRoom({ most: 3, now: () => nowMs, onFull: () => full.count++, ...options });
  server = createServer((socket) => socket.resume());
  admit(server, (socket) => room.enter(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const join = async (): Promise<Socket> => {
    const before = room.sockets.size + full.count;
    const socket = connect(port, '127.0.0.1')
      .on('error', () => {})
      .resume();
    OPEN.push(socket);
    await once(socket, 'connect');
    await expect.poll(() => room.sockets.size + full.count).toBeGreaterThan(before);
    return socket;
  };
  return { room, full, join };
}

const say = async (room: ConnectionRoom, socket: Socket): Promise<void> => {
  const inside = [...room.sockets.keys()].find(({ remotePort }) => remotePort === socket.localPort);
  const before = inside?.bytesRead ?? 0;
  socket.write('x');
  await expect.poll(() => inside?.bytesRead).toBe(before + 1);
};
const isClosed = (socket: Socket): boolean => socket.closed || socket.readableEnded;

describe('a listener that is full', () => {
  it('closes the connection that has been silent for longest, and keeps those that ask', async () => {
    nowMs = 0;
    const { room, full, join } = await listening();
    const [first, second, third] = [await join(), await join(), await join()];
    nowMs = 5000;
    await say(room, first);
    const fourth = await join();
    await expect.poll(() => isClosed(second)).toBe(true);
    expect(full.count).toBe(1);
    for (const socket of [first, third, fourth]) expect(isClosed(socket)).toBe(false);
  });

  it('refuses the new one where all ask, or closes the oldest where it is told to', async () => {
    for (const whenAllBusy of ['close new', 'close oldest'] as const) {
      nowMs = 0;
      const { room, join } = await listening({ whenAllBusy });
      const busy = [await join(), await join(), await join()];
      nowMs = 5000;
      for (const socket of busy) await say(room, socket);
      const late = await join();
      await expect.poll(() => isClosed(whenAllBusy === 'close new' ? late : busy[0]!)).toBe(true);
      expect(room.sockets.size).toBe(3);
      server.close();
    }
  });
});
