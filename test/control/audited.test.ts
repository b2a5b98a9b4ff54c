import { create, toBinary } from '@bufbuild/protobuf';
import { GetRequestSchema } from '../../gen/ostiary/v1/resources_pb.js';
import { Readable } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.ts';
import { AuditedCalls } from '../../src/control/audited.ts';
import { DatabaseFault } from '../../src/database/database-fault.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { Call, Method } from '../../src/grpc/rpc.ts';
import { ADMINISTRATOR } from './administrator.ts';

let events: AuditEvent[];
let audited: AuditedCalls;
let isAway: boolean;
beforeEach(() => {
  events = [];
  isAway = false;
  audited = new AuditedCalls({
    note: (event) => void events.push(event),
    async record(event) {
      if (isAway) throw new DatabaseFault('unreachable', 'away');
      events.push(event);
    },
  });
});
const callOf = (): Call => ({ deadline: Infinity, signal: new AbortController().signal, address: '192.0.2.7' });
const refusal = (code: Code = Code.permissionDenied) => new RpcError(code, 'you may not');
const NOTHING = new Uint8Array(0);
const LIST = '/ostiary.v1.SidecarService/ListSidecars';

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
  await expect(access(LIST, callOf())).rejects.toThrow('you may not');
  expect(events).toEqual([
    {
      action: 'denied',
      outcome: 'denied',
      caller: { name: '', credential: '', address: '192.0.2.7' },
      detail: { method: 'SidecarService/ListSidecars', why: 'you may not' },
    },
  ]);
});

test.each(['unary', 'server_streaming', 'bidirectional'] as const)(
  'a method (%s) that refuses its caller is told once, with who it is',
  async (kind) => {
    const access = audited.access(async () => ADMINISTRATOR);
    const unary = async (_request: unknown, call: Call): Promise<Uint8Array> => {
      await access(LIST, call);
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

test('who is known but may not call a method is told by name', async () => {
  const identify = audited.identify(async () => ADMINISTRATOR);
  const access = audited.access(async (_path, call) => {
    await identify(call);
    throw refusal();
  });
  await expect(access(LIST, callOf())).rejects.toThrow('you may not');
  expect(events).toMatchObject([{ action: 'denied', caller: { name: 'admin', credential: 'token:admin' } }]);
});

const SECRET = toBinary(GetRequestSchema, create(GetRequestSchema, { kind: 'Secret', name: 'ldap' }));
const GET = '/ostiary.v1.ResourceService/Get';

test('a read of a secret is told before it is answered, and not answered where it can not be told', async () => {
  const access = audited.access(async () => ADMINISTRATOR);
  let handle = async (_request: Uint8Array, call: Call): Promise<Uint8Array> => {
    await access(GET, call);
    return NOTHING;
  };
  const [get] = audited.methods([{ kind: 'unary', path: GET, handle: (request, call) => handle(request, call) }]);
  const ask = async () => (get?.kind === 'unary' ? get.handle(SECRET, callOf()) : undefined);
  await ask();
  const target = { kind: 'Secret', namespace: 'default', name: 'ldap' };
  expect(events).toMatchObject([{ action: 'secret.read', outcome: 'done', caller: { name: 'admin' }, target }]);
  isAway = true;
  await expect(ask()).rejects.toMatchObject({
    code: Code.unavailable,
    message: expect.stringMatching(/audit trail can not be written/),
  });
  isAway = false;
  handle = async () => Promise.reject(refusal(Code.notFound));
  await expect(ask()).rejects.toThrow('you may not');
  expect(events.at(-1)).toMatchObject({ action: 'secret.read', outcome: 'failed', target });
});

test('a backup is told before its first part is sent', async () => {
  async function* handle(): AsyncGenerator<Uint8Array> {
    yield NOTHING;
  }
  const path = '/ostiary.v1.BackupService/Download';
  const [backup] = audited.methods([{ kind: 'server_streaming', path, handle }]);
  isAway = true;
  await expect(answerOf(backup, callOf())).rejects.toMatchObject({ code: Code.unavailable });
  isAway = false;
  expect(await answerOf(backup, callOf())).toEqual([NOTHING]);
  expect(events.at(-1)).toMatchObject({ action: 'backup.read', outcome: 'done', caller: { address: '192.0.2.7' } });
});
