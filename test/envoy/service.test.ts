import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { CheckResponse } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { Clock } from '../../src/clock.ts';
import type { Decision } from '../../src/decision/decision.ts';
import { createCheckMethod } from '../../src/envoy/check-service.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { Call } from '../../src/grpc/rpc.ts';
import type { AccessPolicy, Outcome } from '../../src/policy/policy.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { access, apiOf, bound, portsOf, quota, snapshotOf } from '../policy/fixtures.ts';
import { checkRequestBytes } from './check-request.arbitrary.ts';

const bytes = toBinary(
  CheckRequestSchema,
  create(CheckRequestSchema, {
    attributes: { request: { http: { method: 'GET', path: '/a', host: 'a', headers: { a: 'b' } } } },
  }),
);

interface Served {
  readonly handle: (request: Uint8Array, call?: Partial<Call>) => Uint8Array | Promise<Uint8Array>;
  readonly decided: Decision[];
  readonly errors: string[];
  readonly failures: unknown[];
}

function serve(snapshot: () => Snapshot | undefined, clock: Clock = { now: () => 0, monotonic: () => 0 }): Served {
  const decided: Decision[] = [];
  const errors: string[] = [];
  const failures: unknown[] = [];
  const failed = (_: string, error: unknown) => void failures.push(error);
  const method = createCheckMethod({
    snapshot,
    ports: portsOf({ clock, failed }),
    observer: {
      decided: (decision) => void decided.push(decision),
      failed: (error) => void errors.push(error),
      policyFailed: failed,
    },
  });
  if (method.kind !== 'unary') throw new Error('Check is unary');
  const call: Call = { deadline: Infinity, signal: new AbortController().signal };
  return {
    handle: (request, overrides) => method.handle(request, { ...call, ...overrides }),
    decided,
    errors,
    failures,
  };
}

function withPolicies(...policies: AccessPolicy[]): Snapshot {
  return snapshotOf([
    apiOf({
      name: 'orders',
      access: policies.map((policy, i) => bound(`p${i}`, policy)),
      quota: [bound('q', quota())],
    }),
  ]);
}

function decode(answer: Uint8Array): CheckResponse {
  return fromBinary(CheckResponseSchema, answer);
}

function isDenial(answer: Uint8Array): boolean {
  const { status, httpResponse } = decode(answer);
  if (status?.code === 0 && httpResponse.case === 'okResponse') return false;
  expect(status?.code).toBeGreaterThan(0);
  expect(httpResponse.case).toBe('deniedResponse');
  return true;
}

function rejection(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test('a Check is answered at once where no policy waits', () => {
  const { handle, decided } = serve(() => withPolicies(access(() => ({ upstream: [['x-sub', 'u']] }))));
  const answer = handle(bytes);
  expect(answer).toBeInstanceOf(Uint8Array);
  expect(isDenial(answer as Uint8Array)).toBe(false);
  expect(decided).toMatchObject([{ api: 'orders', denial: undefined, upstream: [['x-sub', 'u']] }]);
});

test('a Check is answered later where a policy waits, by the snapshot that was in force when it came', async () => {
  const snapshots = [withPolicies(access(async () => ({ reason: 'token_invalid', detail: 'expired' })))];
  const { handle } = serve(() => snapshots.shift());
  const answer = await handle(bytes);
  expect(decode(answer).httpResponse.value).toMatchObject({ status: { code: 401 } });
});

test('before documents are loaded every Check is a denial with 503', async () => {
  const { handle, decided } = serve(() => undefined);
  expect(decode(await handle(bytes)).httpResponse).toMatchObject({
    case: 'deniedResponse',
    value: { status: { code: 503 } },
  });
  expect(decided).toMatchObject([{ denial: { reason: 'not_ready' } }]);
});

test('a Check that is not HTTP, or is empty, is a denial', async () => {
  const { handle, decided } = serve(() => withPolicies());
  expect(isDenial(await handle(new Uint8Array()))).toBe(true);
  expect(decided).toMatchObject([{ denial: { reason: 'request_not_http' } }]);
});

test('a Check that cannot be decoded is INVALID_ARGUMENT, and is counted', () => {
  const { handle, errors, decided } = serve(() => withPolicies());
  expect(rejection(() => handle(Uint8Array.of(0x0a)))).toMatchObject({ name: 'RpcError', code: Code.invalidArgument });
  expect([errors, decided]).toEqual([['malformed'], []]);
});

test('a Check whose deadline has passed is DEADLINE_EXCEEDED, before and after the decision', async () => {
  let now = 10;
  const clock = { now: () => 0, monotonic: () => now };
  const slow = access(async () => {
    now = 20;
    return {};
  });
  const { handle, errors, decided } = serve(() => withPolicies(slow), clock);
  expect(rejection(() => handle(bytes, { deadline: 10 }))).toMatchObject({ code: Code.deadlineExceeded });
  await expect(handle(bytes, { deadline: 15 })).rejects.toMatchObject({ code: Code.deadlineExceeded });
  expect([errors, decided]).toEqual([['deadline_exceeded', 'deadline_exceeded'], []]);
});

test('what fails outside every policy is a denial with 503, told to the observer', async () => {
  const broken = {
    ...withPolicies(),
    apiFor: () => {
      throw new Error('broken');
    },
  };
  const { handle, decided, failures } = serve(() => broken);
  expect(decode(await handle(bytes)).httpResponse.value).toMatchObject({ status: { code: 503 } });
  expect(decided).toMatchObject([{ denial: { reason: 'policy_failed' }, snapshotVersion: 'v1' }]);
  expect(failures).toMatchObject([{ message: 'broken' }]);
});

test('a decision that rejects is a denial with 503', async () => {
  const snapshot = withPolicies(access(async () => ({})));
  const identityHeaders = {
    names: new Set(),
    removalsFor: () => {
      throw new Error('broken');
    },
  };
  const apiFor: Snapshot['apiFor'] = (...where) => {
    const api = snapshot.apiFor(...where);
    return api && ({ ...api, identityHeaders } as unknown as typeof api);
  };
  const broken = { ...snapshot, apiFor };
  const { handle, failures } = serve(() => broken);
  expect(decode(await handle(bytes)).httpResponse.value).toMatchObject({ status: { code: 503 } });
  expect(failures).toMatchObject([{ message: 'broken' }]);
});

test('an allow that cannot be written is a denial with 503, and sets no header', async () => {
  const { handle, decided, failures } = serve(() =>
    withPolicies(access(() => ({ upstream: [['x-sub', 'a\r\nb: c']] }))),
  );
  const answer = decode(await handle(bytes));
  expect(answer.httpResponse).toMatchObject({ case: 'deniedResponse', value: { status: { code: 503 } } });
  expect(decided).toMatchObject([{ api: 'orders', denial: { reason: 'policy_failed' }, upstream: [], remove: [] }]);
  expect(failures).toHaveLength(1);
});

test('a gRPC caller is answered in its own terms', async () => {
  const grpc = create(CheckRequestSchema, {
    attributes: {
      request: { http: { host: 'a.example', path: '/a', headers: { 'content-type': 'application/grpc' } } },
    },
  });
  const { handle } = serve(() => withPolicies(access(() => ({ reason: 'token_invalid', detail: '' }))));
  const { httpResponse } = decode(await handle(toBinary(CheckRequestSchema, grpc)));
  if (httpResponse.case !== 'deniedResponse') throw new Error('no denial');
  expect(httpResponse.value.body).toBe('The access token is invalid.');
  expect(httpResponse.value.headers.map(({ header }) => header?.key)).toContain('grpc-status');
});

test('whatever the Check and whatever becomes of its policies, it is answered with a whole allow or a whole denial', async () => {
  const outcome = fc.constantFrom<() => Outcome | Promise<Outcome>>(
    () => ({}),
    async () => ({}),
    () => ({ upstream: [['x-sub', 'u']], remove: ['authorization', 'host', ':path'] }),
    () => ({ reason: 'token_invalid', detail: '' }),
    async () => ({ reason: 'contract_missing', detail: '' }),
    () => {
      throw new Error('policy');
    },
    async () => Promise.reject(new Error('policy, later')),
    () => undefined as unknown as Outcome,
  );
  const messages = fc.oneof(checkRequestBytes, fc.uint8Array({ maxLength: 60 }));
  const property = fc.asyncProperty(messages, fc.array(outcome, { maxLength: 3 }), async (message, outcomes) => {
    const { handle, decided } = serve(() => withPolicies(...outcomes.map(access)));
    try {
      expect(isDenial(await handle(message))).toBe(decided[0]?.denial !== undefined);
      expect(decided).toHaveLength(1);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      expect(error.code).toBe(Code.invalidArgument);
    }
  });
  await fc.assert(property, { numRuns: 500 });
});
