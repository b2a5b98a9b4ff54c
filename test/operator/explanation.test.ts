import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { CheckResponse } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { Outcome, PolicyStep_Mode as Mode, PolicyStep_Result as Result } from '../../gen/ostiary/v1/inspection_pb.js';
import type { Decision, Step } from '../../src/decision/decision.ts';
import { explanationOf, toCounter } from '../../src/operator/explanation.ts';

const allowed = create(CheckResponseSchema);
const decision = (steps: readonly Step[], parts: Partial<Decision> = {}): Decision => ({
  api: 'orders',
  denial: undefined,
  policy: '',
  identity: {},
  upstream: [],
  remove: [],
  exposed: [],
  steps,
  snapshotVersion: 'v7',
  ...parts,
});
const step = (parts: Partial<Step>): Step => ({
  name: 'p',
  policy: 'rate-limiting',
  mode: 'enforce',
  result: 'allow',
  durationMs: 0,
  ...parts,
});
const LIMIT = { maximumRequests: 10, timePeriodInMilliseconds: 1000 };
const window = (remaining: number, resetMs: number) => ({ limit: LIMIT, remaining, resetMs });

const explained = (made: Decision, answer: CheckResponse, tellsWhichCredential = true) =>
  explanationOf(made, answer, { tellsWhichCredential });

describe('an explanation', () => {
  it.each([true, false])('tells an unknown client from a wrong secret to those who may know: %s', (may) => {
    const told = (['client_unknown', 'secret_wrong'] as const).map((cause) => {
      const denial = { reason: 'client_rejected', cause, detail: `${cause} shop`, challenge: '' } as const;
      const steps = [step({ result: 'deny', denial }), step({ mode: 'shadow', result: 'deny', denial })];
      const { verdict, steps: shown } = explained(decision(steps, { denial, policy: 'p' }), allowed, may);
      return JSON.stringify([verdict?.detail, shown.map(({ detail }) => detail)]);
    });
    expect(told[0] === told[1]).toBe(!may);
    expect(told[1]?.includes('shop')).toBe(may);
  });

  it('tells everybody that credentials are missing', () => {
    const denial = {
      reason: 'client_rejected',
      cause: 'credentials_missing',
      detail: 'names no client id',
      challenge: '',
    } as const;
    expect(explained(decision([], { denial }), allowed, false).verdict?.detail).toBe('names no client id');
  });

  it('tells what a shadow policy would have done beside the allow', () => {
    const denial = { reason: 'token_invalid', detail: 'it has ended' } as const;
    const { verdict, steps } = explained(decision([step({ mode: 'shadow', result: 'deny', denial })]), allowed);
    expect(verdict).toMatchObject({ outcome: Outcome.ALLOW, reason: '' });
    expect(steps[0]).toMatchObject({
      mode: Mode.SHADOW,
      result: Result.DENY,
      reason: 'token_invalid',
      detail: 'it has ended',
    });
  });

  it('tells a failure as one, with what it led to', () => {
    const denial = { reason: 'policy_failed', detail: 'policy p failed unexpectedly' } as const;
    const { verdict, steps } = explained(
      decision([step({ result: 'failed', denial }), step({ result: 'not_applicable' })], { denial, policy: 'p' }),
      create(CheckResponseSchema, { httpResponse: { case: 'deniedResponse', value: { status: { code: 503 } } } }),
    );
    expect(verdict).toMatchObject({ outcome: Outcome.DENY, httpStatus: 503, reason: 'policy_failed', policy: 'p' });
    expect(steps.map(({ result }) => result)).toEqual([Result.FAILED, Result.NOT_APPLICABLE]);
  });

  it.each([
    ['allow', 7n],
    ['deny', 4n],
    ['not_reached', 4n],
  ] as const)('adds the cost to what remained before where the step is %s', (result, before) => {
    const { steps } = explained(decision([step({ result, cost: 3, windows: [window(4, 500)] })]), allowed);
    expect(steps[0]?.counters[0]).toMatchObject({ remainingBefore: before, remainingAfter: 4n, resetMs: 500n });
  });

  it('tells no client where a policy established none, and one by its contract', () => {
    const client = { name: 'shop', clientId: 'id', secrets: [] };
    const contract = { name: 'c', api: 'orders', client, status: 'approved', tier: undefined } as const;
    const { steps } = explained(
      decision([step({ identity: { claims: { sub: 'x' } } }), step({ identity: { contract } })]),
      allowed,
    );
    expect(steps[0]?.client).toBeUndefined();
    expect(steps[1]?.client).toMatchObject({ id: 'id', name: 'shop', contract: 'c', tier: '' });
  });
});

describe('a counter', () => {
  it.each([
    ['is closed where it is whole and untouched', window(10, 1000), 0, 0n],
    ['is closed where it would be opened by this Check', window(7, 1000), 3, 0n],
    ['is open where its time runs', window(10, 999.2), 0, 1000n],
    ['is open where units are used', window(9, 1000), 0, 1000n],
  ])('%s', (_what, state, used, resetMs) => {
    expect(toCounter(state, used).resetMs).toBe(resetMs);
  });

  it('holds the largest limits exactly', () => {
    const largest = { maximumRequests: Number.MAX_SAFE_INTEGER, timePeriodInMilliseconds: Number.MAX_SAFE_INTEGER };
    const counter = toCounter({ limit: largest, remaining: Number.MAX_SAFE_INTEGER - 1, resetMs: 1 }, 1);
    expect([counter.limit, counter.remainingBefore, counter.windowMs]).toEqual([
      2n ** 53n - 1n,
      2n ** 53n - 1n,
      2n ** 53n - 1n,
    ]);
  });
});
