import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Code, type Method } from '../../src/rpc/rpc.ts';
import { grpcStatus } from './grpc-status.ts';
import { data, headers, message, RawHttp2Client } from './raw-client.ts';
import { serve } from './serving.ts';

const path = '/test.Fault/Method';
const failing: readonly Method[] = [
  {
    kind: 'unary',
    path,
    handle: () => {
      throw new Error('at once');
    },
  },
  {
    kind: 'unary',
    path,
    async handle() {
      await sleep(1);
      throw new Error('late');
    },
  },
  {
    kind: 'bidirectional',
    path,
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
      client.send(headers(id, path), data(id, message(Buffer.alloc(1))));
      expect(await grpcStatus(client, id)).toBe(Code.internal);
    }
    expect(internalErrors).toEqual([fault, fault]);
    client.close();
  });
});
