import { Readable } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.ts';
import { AuditedCalls } from '../../src/control/audited.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { Call, Method } from '../../src/grpc/rpc.ts';
import { ADMINISTRATOR } from './administrator.ts';

let events: AuditEvent[];
let audited: AuditedCalls;
beforeEach(() => {
  events = [];
  audited = new AuditedCalls({ note: (event) => void events.push(event) });
});
const callOf = (): Call => ({ deadline: Infinity, signal: new AbortController().signal, address: '192.0.2.7' });
const refusal = (code: Code = Code.permissionDenied) => new RpcError(code, 'you may not');
const NOTHING = new Uint8Array();
const LIST = '/ostiary.v1.ResourceService/List';

async function answerOf(method: Method | undefined, call: Call): Promise<unknown> {
  if (method?.kind === 'unary') return method.handle(NOTHING, call);
  const answers =
    method?.kind === 'server_streaming' ? method.handle(NOTHING, call) : method?.handle(Readable.from([]), call);
  const all: Uint8Array[] = [];
  for await (const answer of answers ?? []) all.push(answer);
  return all;
}

test('a caller who is nobody is told with the address and the method', async () => {
  const access = audited.access(async () => {
    throw refusal(Code.unauthenticated);
  });
  await expect(access(LIST, 'read', callOf())).rejects.toThrow('you may not');
  expect(events).toEqual([
    {
      action: 'denied',
      outcome: 'denied',
      caller: { name: '', credential: '', address: '192.0.2.7' },
      detail: { method: 'ResourceService/List', why: 'you may not' },
    },
  ]);
});

test.each(['unary', 'server_streaming', 'bidirectional'] as const)(
  'a method (%s) that refuses its caller is told once, with who it is',
  async (kind) => {
    const access = audited.access(async () => ADMINISTRATOR);
    const unary = async (_request: unknown, call: Call): Promise<Uint8Array> => {
      await access(LIST, 'read', call);
      throw refusal();
    };
    async function* stream(_requests: unknown, call: Call): AsyncGenerator<Uint8Array> {
      yield NOTHING;
      await unary(undefined, call);
    }
    const method = { kind, path: LIST, handle: kind === 'unary' ? unary : stream } as Method;
    const [told] = audited.methods([method]);
    await expect(answerOf(told, callOf())).rejects.toThrow('you may not');
    const { name, credential, address } = ADMINISTRATOR;
    expect(events).toMatchObject([{ caller: { name, credential, address }, detail: { why: 'you may not' } }]);
  },
);

test('other failures, and methods of others, are not told', async () => {
  const failing = (path: string, error: Error): Method => ({
    kind: 'unary',
    path,
    handle: () => Promise.reject(error),
  });
  const methods = audited.methods([
    failing(LIST, refusal(Code.notFound)),
    failing(LIST, new Error('a defect')),
    failing('/grpc.health.v1.Health/Check', refusal()),
  ]);
  for (const method of methods) await expect(answerOf(method, callOf())).rejects.toThrow();
  expect(events).toEqual([]);
});
