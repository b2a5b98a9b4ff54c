import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { directoryAt, serverOf } from './asking.ts';

/** A server that does as a test says, to show what real ones do at the worst moment. */
async function hostile(
  onData: (socket: Socket, bytes: Buffer) => void,
): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((socket) => {
    socket.on('data', (bytes) => onData(socket, bytes));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, server };
}

/** A result without text: BindResponse is 0x61, ExtendedResponse 0x78. */
const result = (id: number, operation: number, code = 0) =>
  Buffer.from([0x30, 0x0c, 0x02, 0x01, id, operation, 0x07, 0x0a, 0x01, code, 0x04, 0x00, 0x04, 0x00]);

describe('a server that misbehaves', () => {
  const at = (port: number, isPlain: boolean, timeoutMs = 500) =>
    directoryAt({ server: serverOf(`ldap://127.0.0.1:${port}`, isPlain), timeoutMs }).authenticate(
      'alice',
      'alice-password',
    );

  test('does not offer StartTLS: nothing is sent in the clear', async () => {
    let received = '';
    const { port } = await hostile((socket, bytes) => {
      received += bytes.toString('latin1');
      socket.write(result(1, 0x78, 2));
    });
    await expect(at(port, false)).rejects.toThrow('does not offer StartTLS');
    expect(received).toContain('1.3.6.1.4.1.1466.20037');
    expect(received).not.toContain('password');
  });

  test('has more to say before TLS than its answer: it is not listened to', async () => {
    const { port } = await hostile((socket) => socket.write(Buffer.concat([result(1, 0x78), result(2, 0x61)])));
    await expect(at(port, false)).rejects.toThrow('does not offer StartTLS');
  });

  test('never answers', async () => {
    const { port } = await hostile(() => undefined);
    await expect(at(port, false, 100)).rejects.toThrow('no TLS within 100 ms');
    await expect(at(port, true, 100)).rejects.toThrow('does not answer in time');
  });

  test('ends the connection in the middle of a bind', async () => {
    const { port } = await hostile((socket) => socket.destroy());
    await expect(at(port, true)).rejects.toThrow('it does not answer');
  });

  test('sends nonsense, or without end', async () => {
    const nonsense = await hostile((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(at(nonsense.port, true, 200)).rejects.toThrow(/does not answer/);
    const endless = await hostile((socket) => {
      const chunk = Buffer.alloc(256 * 1024, 0x30);
      // An OCTET STRING of 1 GiB.
      socket.write(Buffer.from([0x30, 0x84, 0x40, 0, 0, 0]));
      let left = 256;
      const more = (error?: Error | null): void => {
        left -= 1;
        if (error == null && left > 0 && socket.writable) socket.write(chunk, more);
      };
      more();
    });
    await expect(at(endless.port, true, 5000)).rejects.toThrow(/does not answer/);
  });
});
