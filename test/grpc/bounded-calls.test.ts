import { expect, it } from 'vitest';
import { boundCalls } from '../../src/grpc/bounded-calls.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { Call, Method } from '../../src/grpc/rpc.ts';

type Streaming = Extract<Method, { kind: 'server_streaming' }>;

const watch: Method = {
  kind: 'server_streaming',
  path: '/test.Watch/Watch',
  async *handle(_request, call) {
    yield Buffer.alloc(1);
    await new Promise((resolve) => {
      call.signal.addEventListener('abort', resolve, { once: true });
    });
  },
};

const callOn = (connection: unknown) => {
  const controller = new AbortController();
  const call: Call = { deadline: Infinity, signal: controller.signal, connection };
  return { call, controller };
};

it('lets each connection run no more streams than are left, and counts what is bounded apart apart', async () => {
  const [bounded] = boundCalls([watch], 30, 'Watches') as [Streaming];
  const [other] = boundCalls([watch], 30, 'others') as [Streaming];
  const running: AbortController[] = [];
  const open = async (method: Streaming, connection: string): Promise<boolean> => {
    const { call, controller } = callOn(connection);
    const answers = method.handle(Buffer.alloc(0), call)[Symbol.asyncIterator]();
    try {
      await answers.next();
    } catch (error) {
      expect(error).toBeInstanceOf(RpcError);
      expect((error as RpcError).code).toBe(Code.resourceExhausted);
      return false;
    }
    running.push(controller);
    void answers.next();
    return true;
  };
  const many = async (method: Streaming, connection: string): Promise<number> => {
    let opened = 0;
    while (opened < 100 && (await open(method, connection))) opened++;
    return opened;
  };
  expect(await many(bounded, 'a')).toBe(15);
  expect(await many(bounded, 'b')).toBe(7);
  expect(await open(bounded, 'c')).toBe(true);
  expect(await many(other, 'a')).toBe(15);
  for (const controller of running.splice(0)) controller.abort();
  await new Promise(setImmediate);
  expect(await many(bounded, 'd')).toBe(15);
});
