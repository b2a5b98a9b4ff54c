import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { openPostgres } from '../../src/database/open-postgres.ts';

/** `AuthenticationOk`, `ReadyForQuery`, and an `ErrorResponse` that ends the session. */
function greetingAndEnd(): Buffer {
  const fields = ['SFATAL', 'VFATAL', 'C57P01', 'Mterminating connection'].map((field) => `${field}\0`).join('');
  const error = Buffer.alloc(5);
  error.write('E');
  error.writeInt32BE(fields.length + 5, 1);
  return Buffer.concat([
    Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]),
    Buffer.from([0x5a, 0, 0, 0, 5, 0x49]),
    error,
    Buffer.from(`${fields}\0`, 'latin1'),
  ]);
}

describe('a server that ends a session as soon as it has begun', () => {
  test('is a fault of the database, and ends no process', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtExceptionMonitor', note);
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(greetingAndEnd()));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `postgres://someone@127.0.0.1:${port}/ostiary?sslmode=disable`;
    const schema = { migrations: {}, newerHint: '' } as never;
    await expect(openPostgres({ url, schema, applicationName: 'test' })).rejects.toThrow(/127\.0\.0\.1/);
    expect(uncaught).toEqual([]);
    process.off('uncaughtExceptionMonitor', note);
    server.close();
  });
});
