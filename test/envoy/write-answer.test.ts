import { fromBinary } from '@bufbuild/protobuf';
import type { MessageShape } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HeaderValueOptionSchema } from '../../gen/envoy/config/core/v3/base_pb.js';
import { CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { Decision } from '../../src/decision/decision.ts';
import { reasons } from '../../src/denial/reasons.ts';
import { publicAnswer } from '../../src/envoy/answer.ts';
import { readCheck } from '../../src/envoy/read-check.ts';
import { createAnswerWriter } from '../../src/envoy/write-answer.ts';
import { rateHeaders } from '../../src/quota/rate-headers.ts';
import { allow as anyAllow, decision as anyDecision } from './decision.arbitrary.ts';

const check = readCheck(new Uint8Array());
const write = createAnswerWriter();

function answerTo(decision: Decision, writer = write) {
  return fromBinary(CheckResponseSchema, writer(decision, check, reasons));
}

function pairs(options: readonly MessageShape<typeof HeaderValueOptionSchema>[]): [string, string][] {
  return options.map(({ header, append, appendAction, keepEmptyValue }) => {
    // Both ways to say it, so that no version of Envoy appends to what a client sent.
    expect([append, appendAction]).toEqual([false, 2]);
    expect(keepEmptyValue).toBe(header?.value === '');
    return [header?.key ?? '', header?.value ?? ''];
  });
}

/** Lone surrogates have no UTF-8. */
function wellFormed<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? inner.toWellFormed() : inner)),
  );
}

function metadataOf({ api, denial, policy, identity, steps }: Decision): Record<string, string | undefined> {
  const { client, contract } = identity;
  const fields = {
    api,
    client_id: client?.clientId,
    client_name: client?.name,
    contract: contract?.name,
    tier: contract?.tier?.name,
    policy,
    outcome: denial === undefined ? 'allow' : 'deny',
    reason: denial?.reason,
    shadow: steps
      .filter(({ mode, result }) => mode === 'shadow' && result === 'deny')
      .flatMap((step) => (step.denial === undefined ? [] : [`${step.name}:${step.denial.reason}`]))
      .join(','),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));
}

test('whatever the decision, only an allow has the code 0, and every denial has a denied response with a status', () => {
  const property = fc.property(anyDecision, (decision) => {
    const answer = answerTo(decision);
    if (decision.denial === undefined) {
      expect([answer.status?.code, answer.httpResponse.case]).toEqual([0, 'okResponse']);
    } else {
      expect(answer.status?.code).toBeGreaterThan(0);
      expect(answer.httpResponse.case).toBe('deniedResponse');
      if (answer.httpResponse.case !== 'deniedResponse') return;
      expect(answer.httpResponse.value.status?.code).toBeGreaterThanOrEqual(400);
    }
  });
  fc.assert(property, { numRuns: 1000 });
});

test('protobuf-es reads from an allow what the decision says', () => {
  const property = fc.property(anyAllow, (decision) => {
    const { httpResponse, dynamicMetadata, $unknown } = answerTo(decision);
    if (httpResponse.case !== 'okResponse') throw new Error('no ok_response');
    const ok = httpResponse.value;
    const set = new Set(decision.upstream.map(([name]) => name.toLowerCase()));
    const removable = (name: string) => !/^(|:.*|host)$/i.test(name) && !set.has(name.toLowerCase());
    expect(pairs(ok.headers)).toEqual(wellFormed(decision.upstream));
    expect(ok.headersToRemove).toEqual(decision.remove.filter(removable));
    expect(pairs(ok.responseHeadersToAdd)).toEqual(wellFormed(rateHeaders(decision.exposed)));
    expect(ok.dynamicMetadata).toBeUndefined();
    expect(dynamicMetadata).toEqual(wellFormed(metadataOf(decision)));
    expect([$unknown, ok.$unknown]).toEqual([undefined, undefined]);
  });
  fc.assert(property, { numRuns: 1000 });
});

test('protobuf-es reads from a denial its public answer, and nothing else of it', () => {
  const property = fc.property(anyDecision, (decision) => {
    if (decision.denial === undefined) return;
    const { status, httpResponse, dynamicMetadata, $unknown } = answerTo(decision);
    if (httpResponse.case !== 'deniedResponse') throw new Error('no denied_response');
    const expected = publicAnswer(decision.denial, false, reasons);
    const denied = httpResponse.value;
    expect([status?.code, status?.message, status?.details]).toEqual([expected.grpcStatus, '', []]);
    expect([denied.status?.code, denied.body]).toEqual([expected.httpStatus, expected.body]);
    expect(pairs(denied.headers)).toEqual(wellFormed(expected.headers));
    expect(dynamicMetadata).toEqual(wellFormed(metadataOf(decision)));
    expect([$unknown, denied.$unknown]).toEqual([undefined, undefined]);
  });
  fc.assert(property, { numRuns: 1000 });
});

/** One decision of several parts, each from either of two. */
const variant = fc.record({
  api: fc.nat(1),
  identity: fc.nat(1),
  upstream: fc.nat(1),
  remove: fc.nat(1),
  exposed: fc.nat(1),
  steps: fc.nat(1),
});

test('answers of one writer, one after the other, are those that a fresh one would give', () => {
  const property = fc.property(anyAllow, anyAllow, fc.array(variant, { minLength: 2 }), (one, other, variants) => {
    const either = [one, other] as const;
    const shared = createAnswerWriter();
    for (const { api, identity, upstream, remove, exposed, steps } of variants) {
      const decision: Decision = {
        ...one,
        api: either[api as 0 | 1].api,
        identity: either[identity as 0 | 1].identity,
        upstream: either[upstream as 0 | 1].upstream,
        remove: either[remove as 0 | 1].remove,
        exposed: either[exposed as 0 | 1].exposed,
        steps: either[steps as 0 | 1].steps,
      };
      expect(shared(decision, check, reasons)).toEqual(createAnswerWriter()(decision, check, reasons));
    }
  });
  fc.assert(property, { numRuns: 300 });
});

function someAllow(): Decision {
  const [decision] = fc.sample(anyAllow, { numRuns: 1, seed: 1 });
  if (decision === undefined) throw new Error('no sample');
  return { ...decision, exposed: [], steps: [] };
}

test('an allow that is as before is given again without being written anew', () => {
  const decision: Decision = { ...someAllow(), upstream: [['x-sub', 'a']] };
  const again: Decision = { ...decision, upstream: [['x-sub', 'a']] };
  expect(write(again, check, reasons)).toBe(write(decision, check, reasons));
});

test('a header value with a line break is a failure, never an answer', () => {
  for (const value of ['a\r\nx-admin: 1', 'a\nb', 'a\0']) {
    expect(() => write({ ...someAllow(), upstream: [['x-sub', value]] }, check, reasons)).toThrow(TypeError);
  }
});

test.each([200, 204, 302, 500, undefined, 'toString'])(
  'a status that is none of a denial, such as %j, never allows',
  (status) => {
    const httpStatus = (() => status) as unknown as () => 401;
    const table = { ...reasons, token_missing: { ...reasons.token_missing, httpStatus } };
    const denial = { reason: 'token_missing', detail: '', status: 401 } as const;
    const decision = { api: '', denial, policy: '', identity: {}, upstream: [], remove: [], exposed: [], steps: [] };
    const answer = fromBinary(CheckResponseSchema, write({ ...decision, snapshotVersion: '' }, check, table));
    expect(answer.status?.code).toBe(14);
    expect(answer.httpResponse).toMatchObject({ case: 'deniedResponse', value: { status: { code: 503 } } });
  },
);

test('metadata of a policy does not stand for what is not known', () => {
  const metadata = { client_id: 'forged', reason: 'forged', shadow: 'forged', mine: 1 };
  const extras = { append: [], response: [], appendResponse: [], emptyResponse: [], metadata };
  const decision = {
    api: 'a',
    denial: undefined,
    policy: '',
    identity: {},
    upstream: [],
    remove: [],
    exposed: [],
    steps: [],
  };
  const { dynamicMetadata } = fromBinary(
    CheckResponseSchema,
    write({ ...decision, extras, snapshotVersion: '' }, check, reasons),
  );
  expect(dynamicMetadata).toEqual({ api: 'a', outcome: 'allow', mine: 1 });
});
