import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { InspectCountersResponseSchema, ResetCountersResponseSchema } from '../../gen/ostiary/v1/inspection_pb.js';
import { AskSidecarRequestSchema, AskSidecarResponseSchema } from '../../gen/ostiary/v1/sidecars_pb.js';
import type { AskSidecarRequest } from '../../gen/ostiary/v1/sidecars_pb.js';
import type { AuditEvent } from '../../src/audit/event.ts';
import { askSidecarMethod } from '../../src/control/asking.ts';
import type { AskingPorts } from '../../src/control/asking.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { Call } from '../../src/grpc/rpc.ts';

const ALICE = {
  name: 'user:alice@example.com',
  credential: 'session:1',
  address: '127.0.0.1',
  isBootstrap: false,
  groups: [],
  grants: [{ team: 'platform', role: 'admin' }],
} as const;

async function asked(
  question: AskSidecarRequest['question'],
  answer: () => Promise<Uint8Array>,
  { recordFails = false, reason = '' } = {},
): Promise<{ readonly events: readonly AuditEvent[]; readonly answer: unknown }> {
  const events: AuditEvent[] = [];
  const ports = {
    followers: { ask: answer },
    planes: {},
    access: async () => ALICE,
    log: { info: () => {} },
    trail: {
      record: async (event: AuditEvent) => {
        if (recordFails) throw new RpcError(Code.unavailable, 'the database is away');
        events.push(event);
      },
      note: (event: AuditEvent) => void events.push(event),
    },
  } as unknown as AskingPorts;
  const method = askSidecarMethod(ports);
  if (method.kind !== 'unary') throw new Error('not unary');
  const request = toBinary(
    AskSidecarRequestSchema,
    create(AskSidecarRequestSchema, { node: 'edge-1', question, reason }),
  );
  try {
    const told = await method.handle(request, {} as Call);
    return { events, answer: fromBinary(AskSidecarResponseSchema, told).answer.case };
  } catch (error) {
    return { events, answer: error instanceof RpcError ? error.code : error };
  }
}

const SUBJECT = { api: 'orders', clientId: 'web', key: 'a-secret-key' };
const RESET = create(AskSidecarRequestSchema, { question: { case: 'resetCounters', value: SUBJECT } }).question;
const INSPECT = create(AskSidecarRequestSchema, { question: { case: 'inspectCounters', value: SUBJECT } }).question;
const done = async () => toBinary(ResetCountersResponseSchema, create(ResetCountersResponseSchema, { windows: 2 }));

test('the audit trail is told who set back which counters at which sidecar and why, and no key of a caller', async () => {
  const { events, answer } = await asked(RESET, done, { reason: 'a test ran wild' });
  expect(answer).toBe('resetCounters');
  const event = {
    action: 'counter.reset',
    caller: { name: ALICE.name, credential: ALICE.credential, address: ALICE.address },
    target: { kind: 'Sidecar', namespace: '', name: 'edge-1' },
    detail: { api: 'orders', client_id: 'web', key: 'of a caller', reason: 'a test ran wild' },
  };
  expect(events).toEqual([
    { ...event, outcome: 'begun' },
    { ...event, outcome: 'done' },
  ]);
});

test('a reason has an end', async () => {
  const { events, answer } = await asked(RESET, done, { reason: 'x'.repeat(501) });
  expect([answer, events]).toEqual([Code.invalidArgument, []]);
});

test('it is told too where no answer came: the sidecar may have done it', async () => {
  const { events, answer } = await asked(RESET, () => Promise.reject(new RpcError(Code.deadlineExceeded, 'late')));
  expect([answer, events.map(({ action, outcome }) => [action, outcome])]).toEqual([
    Code.deadlineExceeded,
    [
      ['counter.reset', 'begun'],
      ['counter.reset', 'failed'],
    ],
  ]);
});

test('of whom it can not be recorded that they begin, the sidecar is not asked; who only looks is noted', async () => {
  let isAsked = false;
  const asking = async () => {
    isAsked = true;
    return done();
  };
  expect(await asked(RESET, asking, { recordFails: true })).toEqual({ events: [], answer: Code.unavailable });
  expect(isAsked).toBe(false);
  const looked = async () => toBinary(InspectCountersResponseSchema, create(InspectCountersResponseSchema));
  const { events, answer } = await asked(INSPECT, looked, { recordFails: true });
  expect([answer, events.map(({ action }) => action)]).toEqual(['inspectCounters', ['counter.read']]);
});
