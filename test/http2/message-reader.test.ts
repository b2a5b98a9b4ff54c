import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageReader } from '../../src/http2/grpc/message-reader.ts';
import type { StreamHost } from '../../src/http2/stream.ts';
import { Budget } from '../../src/listen/budget.ts';
import { message } from './raw-client.ts';

const LIMITS = { maxMessageBytes: 1_000_000, maxBufferedBytes: 10_000_000 };

/** What a reader needs of its connection. */
function host(): StreamHost & { readonly bufferedRequestBytes: number } {
  const memory = new Budget(20_000_000).share();
  return { bufferedRequestBytes: 0, memory } as unknown as StreamHost;
}

test('messages arrive whole, however long they are and wherever frames cut them', () => {
  // Around the octets of one piece, and of several.
  const length = fc.oneof(fc.nat(50), fc.integer({ min: 16_300, max: 16_500 }), fc.nat(80_000));
  const frame = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(16_384), fc.integer({ min: 1, max: 200_000 }));
  fc.assert(
    fc.property(fc.array(length, { maxLength: 6 }), fc.array(frame, { minLength: 1 }), (lengths, frames) => {
      const connection = host();
      const arrived: Buffer[] = [];
      const reader = new MessageReader(connection, LIMITS, false, (one) => arrived.push(Buffer.from(one)));
      const sent = lengths.map((bytes, index) => Buffer.alloc(bytes, index + 1));
      const octets = Buffer.concat(sent.map((one) => message(one)));
      for (let at = 0, turn = 0; at < octets.length; turn++) {
        const end = Math.min(octets.length, at + frames[turn % frames.length]!);
        reader.push(octets, at, end);
        at = end;
      }
      expect(arrived.map((one) => one.length)).toEqual(lengths);
      expect(arrived.every((one, index) => one.equals(sent[index]!))).toBe(true);
      expect([reader.isWithinMessage, connection.bufferedRequestBytes]).toEqual([false, 0]);
    }),
    { numRuns: 300 },
  );
});
