import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Input } from '../../src/http2/input.ts';
import { Budget } from '../../src/listen/budget.ts';
import type { Share } from '../../src/listen/budget.ts';

const CLOSING: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of CLOSING.splice(0)) one.destroy();
});

const memory = (): Share => new Budget(1_000_000).share();

async function socketPair(): Promise<{ client: Socket; server: Socket }> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = connect((listener.address() as { port: number }).port, '127.0.0.1');
  const [server] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  CLOSING.push(client, server);
  return { client, server };
}

describe('what a plain socket receives', () => {
  it('is read into one buffer again and again on this version of Node', async () => {
    const { client, server } = await socketPair();
    const seen = new Set<ArrayBufferLike>();
    let text = '';
    const read = Promise.withResolvers<void>();
    const input = new Input(
      server,
      (buffer, end) => {
        seen.add(buffer.buffer);
        text += buffer.toString('latin1', 0, end);
        if (text.endsWith('.')) read.resolve();
      },
      memory(),
    );
    expect(input.isInPlace).toBe(true);
    for (const word of ['one ', 'two ', 'three.']) {
      client.write(word);
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
    await read.promise;
    expect(text).toBe('one two three.');
    expect(seen.size).toBe(1);
  });

  it('stays as it was where it is retained', async () => {
    const { client, server } = await socketPair();
    const kept: { octets: Buffer; copy: Buffer }[] = [];
    let bytes = 0;
    const total = 600_000;
    const read = Promise.withResolvers<void>();
    const input: Input = new Input(
      server,
      (buffer, end) => {
        const octets = buffer.subarray(0, end);
        if (kept.length % 3 !== 2) {
          input.retain();
          kept.push({ octets, copy: Buffer.from(octets) });
        } else kept.push({ octets: Buffer.alloc(0), copy: Buffer.alloc(0) });
        bytes += end;
        if (bytes === total) read.resolve();
      },
      memory(),
    );
    for (let sent = 0; sent < total; sent += 1000) client.write(Buffer.alloc(1000, (sent / 1000) % 251));
    await read.promise;
    for (const { octets, copy } of kept) expect(octets.equals(copy)).toBe(true);
  });

  it('fills a wider buffer only while there is memory for one, which is given back when little comes', async () => {
    for (const total of [1_000_000, 10_000]) {
      const { client, server } = await socketPair();
      const budget = new Budget(total);
      let widest = 0;
      let bytes = 0;
      const input = new Input(
        server,
        (buffer, end) => {
          widest = Math.max(widest, buffer.length);
          bytes += end;
        },
        budget.share(),
      );
      const sent = async (length: number): Promise<void> => {
        bytes = 0;
        client.write(Buffer.alloc(length));
        await expect.poll(() => bytes).toBe(length);
      };
      await sent(400_000);
      expect(widest).toBe(total === 1_000_000 ? 65_536 : 4096);
      expect(budget.free).toBe(total === 1_000_000 ? total - 61_440 : total);
      input.relax();
      input.relax();
      await sent(10);
      expect(budget.free).toBe(total);
    }
  });

  it('ends with its socket', async () => {
    const { client, server } = await socketPair();
    void new Input(server, () => {}, memory());
    client.end();
    await once(server, 'close');
    expect(server.destroyed).toBe(true);
  });
});
