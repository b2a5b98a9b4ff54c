import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { decide } from '../../src/decision/pipeline.ts';
import type { Denial } from '../../src/denial/denial.ts';
import { createAnswerWriter } from '../../src/envoy/write-answer.ts';
import { definePolicy } from '../../src/policy/policy.ts';
import type { Outcome } from '../../src/policy/policy.ts';
import { document, faultsOf, options, snapshotOf, warningsOf } from '../document/documents.ts';
import { checkOf, portsOf } from '../policy/fixtures.ts';

declare module '../../src/denial/denial.ts' {
  interface Reasons {
    moon_missing: { readonly phase: string };
  }
}

/** A kind in one file: its options, its reason and what it finds. */
const moon = definePolicy({
  name: 'moon',
  phase: 'access',
  summary: 'For tests',
  options: z.strictObject({ phase: z.string().optional(), body: z.boolean().default(false) }),
  reasons: {
    moon_missing: {
      httpStatus: 403,
      sentence: 'Come back at night.',
      headers: ({ phase }) => [['x-phase', phase]],
      meaning: 'the moon is not up',
    },
  },
  create({ phase, body }, { moonlight }: { readonly moonlight: () => Outcome }) {
    return {
      phase: 'access',
      identityHeaders: [],
      requires: [
        ...(phase === undefined ? [] : [{ what: 'claims', field: 'phase' } as const]),
        ...(body ? [{ what: 'body', field: 'body' } as const] : []),
      ],
      decide: () => moonlight(),
    };
  },
});

let found: Outcome = {};
const changed = {
  policyKinds: new Map([['moon', moon]]),
  environment: { ...options.environment, moonlight: () => found },
} as unknown as Partial<typeof options>;
const api = (config: object = {}) => document('Api', 'orders', { policies: [{ policyRef: { name: 'moon' }, config }] });

async function answerTo(outcome: Outcome) {
  found = outcome;
  const snapshot = await snapshotOf({ 'a.json': api() }, changed);
  const decision = await decide(snapshot, checkOf({}), portsOf(), Infinity);
  const bytes = createAnswerWriter()(decision, checkOf({}), snapshot.reasons);
  return { decision, answer: fromBinary(CheckResponseSchema, bytes) };
}

describe('a kind of policy in one file', () => {
  it('has reasons of its own, which documents may give other texts', async () => {
    const denial: Denial = { reason: 'moon_missing', phase: 'new', detail: 'no moon tonight' };
    const { answer } = await answerTo(denial);
    expect(answer.status?.code).toBe(7);
    expect(answer.httpResponse).toMatchObject({
      case: 'deniedResponse',
      value: { status: { code: 403 }, body: '{"error":"Come back at night."}' },
    });
  });

  it('fails where it gives a reason that it does not name', async () => {
    const { answer } = await answerTo({ reason: 'sun_missing', detail: '' } as unknown as Denial);
    expect(answer.status?.code).toBe(14);
    expect(answer.httpResponse).toMatchObject({ case: 'deniedResponse', value: { status: { code: 503 } } });
  });

  it('adds metadata on every outcome, and replaces none of ours', async () => {
    const metadata = { phase: 'full', light: 0.5, up: true, api: 'forged' };
    for (const outcome of [{ metadata }, { metadata, answer: { httpStatus: 204, headers: [], body: '' } }]) {
      const { answer } = await answerTo(outcome);
      expect(answer.dynamicMetadata).toMatchObject({ phase: 'full', light: 0.5, up: true, api: 'orders' });
    }
  });

  it('answers a request itself: neither an allow nor a denial, and nothing after it is asked', async () => {
    const { decision, answer } = await answerTo({ answer: { httpStatus: 204, headers: [], body: '' } });
    expect(decision).toMatchObject({ denial: undefined, answer: { httpStatus: 204 }, policy: 'orders/moon' });
    expect(answer.dynamicMetadata).toMatchObject({ outcome: 'answer', policy: 'orders/moon' });
    // Envoy lets a request pass by the code 0 alone.
    expect(answer.status?.code).not.toBe(0);
  });

  it('says what it needs: of policies a fault where nothing provides it, of Envoy a warning', async () => {
    expect(await faultsOf({ 'a.json': api({ phase: 'full' }) }, changed)).toEqual([
      expect.stringContaining('spec.policies[0].config.phase: selects a claim'),
    ]);
    expect(await warningsOf({ 'a.json': api({ body: true }) }, changed)).toEqual([
      expect.stringContaining(
        "needs the request's body, which Envoy sends only where its filter has with_request_body",
      ),
    ]);
  });
});
