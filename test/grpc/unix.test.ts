import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ListenError } from '../../src/listen/socket.ts';
import { listeners, LOOPBACK, text, unary } from './fixture.ts';
import { transports } from './transports.ts';

const echo = unary((request) => request);

describe.each(transports)('a Unix socket on $name', ({ transport }) => {
  const serve = listeners(transport);
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ostiary-unix-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const address = (mode = 0o660) => ({ kind: 'unix', path: join(folder, 'grpc.sock'), mode }) as const;

  it('serves, with the permission bits asked for', async () => {
    const { client } = await serve([echo], { address: address(0o620) });
    expect(statSync(address().path).mode & 0o777).toBe(0o620);
    expect((await client.unary('/test.Test/Unary', text('over a socket'))).toString()).toBe('over a socket');
  });

  it('leaves the umask of the process as it was', async () => {
    const before = process.umask();
    await serve([echo], { address: address() });
    expect(process.umask()).toBe(before);
  });

  it('is gone after the drain', async () => {
    const { listener } = await serve([echo], { address: address() });
    await listener.drain(0);
    expect(existsSync(address().path)).toBe(false);
  });

  it('replaces the socket of a process that was killed', async () => {
    const script = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`;
    const killed = spawn(process.execPath, ['-e', script, address().path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(existsSync(address().path)).toBe(true);

    const { client } = await serve([echo], { address: address() });
    expect((await client.unary('/test.Test/Unary', text('new'))).toString()).toBe('new');
  });

  it('leaves a socket alone on which somebody answers', async () => {
    const { client } = await serve([echo], { address: address() });
    await expect(serve([echo], { address: address() })).rejects.toThrow('another process answers on this socket');
    expect((await client.unary('/test.Test/Unary', text('still here'))).toString()).toBe('still here');
  });

  it('leaves a file alone that is not a socket', async () => {
    writeFileSync(address().path, 'notes');
    await expect(serve([echo], { address: address() })).rejects.toThrow(ListenError);
    expect(statSync(address().path).size).toBe(5);
  });

  it('says that the folder does not exist', async () => {
    const missing = { ...address(), path: join(folder, 'no', 'such.sock') };
    await expect(serve([echo], { address: missing })).rejects.toThrow(/folder of the socket does not exist|permission/);
  });

  it('says that a TCP port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    await expect(serve([echo], { address: { ...LOOPBACK, port } })).rejects.toThrow('the address is in use');
    other.close();
  });

  it('says that the machine does not have an address', async () => {
    // TEST-NET-1 (RFC 5737) belongs to nobody.
    await expect(serve([echo], { address: { ...LOOPBACK, host: '192.0.2.1' } })).rejects.toThrow('no such address');
  });
});
