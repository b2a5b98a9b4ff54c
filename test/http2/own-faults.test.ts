import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Code } from '../../src/grpc/rpc.ts';
import type { Method } from '../../src/grpc/rpc.ts';
import { ErrorCode } from '../../src/http2/error-code.ts';
import { grpcStatus } from './grpc-status.ts';
import { data, headers, message, RawHttp2Client } from './raw-client.ts';
import { echo, ECHO_PATH, serve } from './serving.ts';

const PATH = '/test.Fault/Method';
const failing: readonly Method[] = [
  {
    kind: 'unary',
    path: PATH,
    handle: () => {
      throw new Error('at once');
    },
  },
  {
    kind: 'unary',
    path: PATH,
    async handle() {
      await sleep(1);
      throw new Error('late');
    },
  },
  {
    kind: 'bidirectional',
    path: PATH,
    async *handle() {
      await sleep(1);
      yield* [];
      throw new Error('late');
    },
  },
];

describe('a failure that can not be reported either', () => {
  it.each(failing)('ends the call with INTERNAL, and nothing else ($kind $handle.name)', async (method) => {
    const fault = new Error('the log is gone');
    const onFailure = (): void => {
      throw fault;
    };
    const { port, internalErrors } = await serve([method], {}, { onFailure });
    const client = await RawHttp2Client.open(port);
    for (const id of [1, 3]) {
      client.send(headers(id, PATH), data(id, message(Buffer.alloc(1))));
      expect(await grpcStatus(client, id)).toBe(Code.internal);
    }
    expect(internalErrors).toEqual([fault, fault]);
    client.close();
  });
});

/** Octets that can't be read: what a fault of our own in writing an answer looks like. */
class Unreadable extends Uint8Array {
  override get length(): number {
    throw new Error('unreadable');
  }
}

const answering: readonly { readonly how: string; readonly method: Method; readonly ends: 'connection' | 'call' }[] = [
  { how: 'at once', ends: 'connection', method: { kind: 'unary', path: PATH, handle: () => new Unreadable() } },
  {
    how: 'late',
    ends: 'connection',
    method: {
      kind: 'unary',
      path: PATH,
      async handle() {
        await sleep(1);
        return new Unreadable();
      },
    },
  },
  {
    how: 'on a stream',
    ends: 'call',
    method: {
      kind: 'bidirectional',
      path: PATH,
      async *handle() {
        await sleep(1);
        yield new Unreadable();
      },
    },
  },
];

describe('an answer that can not be written', () => {
  it.each(answering)('$how ends its $ends, and nothing else', async ({ method, ends }) => {
    const failures: unknown[] = [];
    const onFailure = (_path: string, error: unknown): void => void failures.push(error);
    const { port, internalErrors, counters } = await serve([method, echo], {}, { onFailure });
    const other = await RawHttp2Client.open(port);
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, PATH), data(1, message(Buffer.alloc(1))));
    if (ends === 'connection') {
      expect(await client.goawayCode()).toBe(ErrorCode.internalError);
      await expect.poll(() => counters.connectionsClosed).toBe(1);
      expect([internalErrors, failures]).toEqual([[new Error('unreadable')], []]);
    } else {
      expect(await grpcStatus(client, 1)).toBe(Code.internal);
      expect([internalErrors, failures]).toEqual([[], [new Error('unreadable')]]);
    }
    other.send(headers(1, ECHO_PATH), data(1, message(Buffer.from('alive'))));
    expect(await grpcStatus(other, 1)).toBe(0);
    client.close();
    other.close();
  });
});
