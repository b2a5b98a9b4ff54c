import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CheckRequestSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { Denial } from '../../src/denial/denial.ts';
import { reasons, withSentences } from '../../src/denial/reasons.ts';
import { isGrpcCaller, publicAnswer } from '../../src/envoy/answer.ts';
import { readCheck } from '../../src/envoy/read-check.ts';
import { denial as anyDenial } from './decision.arbitrary.ts';

const DETAIL = 'what only an operator may read';
const SPENT = {
  reason: 'quota_spent',
  detail: DETAIL,
  cost: 1,
  windows: [{ limit: { maximumRequests: 5, timePeriodInMilliseconds: 60_000 }, remaining: 0, resetMs: 29_100 }],
} as const;

test.each<[Denial, number, Record<string, string>]>([
  [{ reason: 'not_ready', detail: DETAIL }, 503, { 'retry-after': '5' }],
  [{ reason: 'policy_failed', detail: DETAIL }, 503, { 'retry-after': '5' }],
  [{ reason: 'token_unverified', detail: DETAIL }, 503, { 'retry-after': '5' }],
  [{ reason: 'keys_unavailable', detail: DETAIL, retryAfterSeconds: 9.2 }, 503, { 'retry-after': '10' }],
  [{ reason: 'store_unavailable', detail: DETAIL, retryAfterSeconds: 0 }, 503, { 'retry-after': '1' }],
  [{ reason: 'request_not_http', detail: DETAIL }, 403, {}],
  [{ reason: 'path_malformed', detail: DETAIL }, 400, {}],
  [{ reason: 'api_unknown', detail: DETAIL }, 403, {}],
  [{ reason: 'token_missing', detail: DETAIL, status: 401 }, 401, { 'www-authenticate': 'Bearer' }],
  [{ reason: 'token_missing', detail: DETAIL, status: 400 }, 400, {}],
  [{ reason: 'token_invalid', detail: DETAIL }, 401, { 'www-authenticate': 'Bearer error="invalid_token"' }],
  [
    { reason: 'scope_insufficient', detail: DETAIL, scopes: ['read', 'a"b', 'write'] },
    403,
    { 'www-authenticate': 'Bearer error="insufficient_scope", scope="read write"' },
  ],
  [
    { reason: 'client_rejected', detail: DETAIL, cause: 'secret_wrong', challenge: 'Basic realm="a\r\nb"' },
    401,
    { 'www-authenticate': 'Basic realm="a??b"' },
  ],
  [{ reason: 'contract_missing', detail: DETAIL }, 403, {}],
  [{ reason: 'cost_invalid', detail: DETAIL }, 400, {}],
  [{ ...SPENT, reason: 'cost_above_limit', cost: 9 }, 403, { 'ratelimit-policy': '"limit-1";q=5;w=60' }],
  [
    SPENT,
    429,
    {
      'retry-after': '30',
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '29100',
      'ratelimit-policy': '"limit-1";q=5;w=60',
      ratelimit: '"limit-1";r=0;t=30',
    },
  ],
])('%o is answered with %i', (denial, status, headers) => {
  const answer = publicAnswer(denial, false, reasons);
  expect(answer.httpStatus).toBe(status);
  expect(Object.fromEntries(answer.headers)).toEqual({ ...headers, 'content-type': 'application/json' });
  expect(JSON.parse(answer.body)).toEqual({ error: expect.stringMatching(/^[A-Z][^"]+\.$/) });
});

test.each([
  ['quota_spent', SPENT, '8'],
  ['token_invalid', { reason: 'token_invalid', detail: DETAIL }, '16'],
  ['contract_missing', { reason: 'contract_missing', detail: DETAIL }, '7'],
  ['path_malformed', { reason: 'path_malformed', detail: DETAIL }, '3'],
  ['policy_failed', { reason: 'policy_failed', detail: DETAIL }, '14'],
] as const)('a gRPC caller reads of %s a status of its own and the plain sentence', (_, denial, grpcStatus) => {
  const plain = publicAnswer(denial, false, reasons);
  const answer = publicAnswer(denial, true, reasons);
  const headers = Object.fromEntries(answer.headers);
  expect(answer.httpStatus).toBe(plain.httpStatus);
  expect(headers['grpc-status']).toBe(grpcStatus);
  expect(headers).not.toHaveProperty('content-type');
  expect(answer.body).toBe((JSON.parse(plain.body) as { error: string }).error);
});

test('the operator may choose the sentence', () => {
  expect(publicAnswer(SPENT, false, withSentences(reasons, { quota_spent: 'Kaputt: "Ü"' })).body).toBe(
    '{"error":"Kaputt: \\"Ü\\""}',
  );
  expect(publicAnswer(SPENT, true, withSentences(reasons, { quota_spent: 'Kaputt' })).body).toBe('Kaputt');
  expect(publicAnswer(SPENT, true, withSentences(reasons, { token_invalid: 'Kaputt' })).body).toBe(
    'The quota has been spent.',
  );
});

test('nothing of the detail or the cause reaches the caller', () => {
  const property = fc.property(anyDenial, fc.boolean(), (denial, isGrpc) => {
    const marked = Object.assign({}, denial, { detail: 'marker-of-detail', cause: 'marker-of-cause' }) as Denial;
    expect(JSON.stringify(publicAnswer(marked, isGrpc, reasons))).not.toContain('marker-of');
  });
  fc.assert(property);
});

test.each([
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['application/grpc-web', false],
  ['application/grpc-web+proto', false],
  ['application/json', false],
  [undefined, false],
])('a caller that sends %s is a gRPC caller: %s', (contentType, expected) => {
  const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
  const message = create(CheckRequestSchema, { attributes: { request: { http: { headers } } } });
  expect(isGrpcCaller(readCheck(toBinary(CheckRequestSchema, message)))).toBe(expected);
});
