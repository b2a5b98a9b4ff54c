import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { fromBinary } from '@bufbuild/protobuf';
import { systemClock as clock } from '../../src/clock.ts';
import { CHECK_PATH, createCheckMethod } from '../../src/envoy/check-service.ts';
import type { Method } from '../../src/grpc/rpc.ts';
import { snapshotOfDocuments } from '../decision/documents.ts';
import { api } from '../e2e/documents.ts';
import { serve } from '../http2/serving.ts';
import type { Served } from '../http2/serving.ts';
import { RawClient } from '../grpc/client.ts';
import type { CallOptions } from '../grpc/client.ts';
import { signed, signingKey } from './issuer.ts';

const key = await signingKey('ES384', 'k1');
const stranger = await signingKey('ES384', 'k1');
const BURST = 1000;

async function checkMethod(): Promise<Method> {
  const config = { textKey: JSON.stringify(key.jwk), algorithms: ['ES384'], skipClientIdValidation: true };
  const documents = [
    api('tokens', { policies: [{ policyRef: { name: 'jwt-validation' }, config }] }),
    api('open', { policies: [] }),
  ];
  const snapshot = await snapshotOfDocuments(documents);
  const observer = { decided() {}, failed() {}, policyFailed() {} };
  const ports = {
    clock,
    take: () => ({ granted: true, windows: [] }),
    unmatched: 'deny' as const,
    trustedHops: 0,
    failed() {},
  };
  return createCheckMethod({ snapshot: () => snapshot, ports, observer });
}

function check(path: string, token = ''): Uint8Array {
  const headers = { ':path': path, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) };
  const http = { method: 'GET', path, host: 'localhost', headers };
  return toBinary(CheckRequestSchema, create(CheckRequestSchema, { attributes: { request: { http } } }));
}

describe('a burst of badly signed tokens whose callers leave', () => {
  let served: Served;
  let client: RawClient;
  beforeEach(async () => {
    served = await serve([await checkMethod()]);
    client = new RawClient(served.listener.address);
  });
  afterEach(() => {
    client.close();
    vi.restoreAllMocks();
  });

  /** Signature checks that begin, and end no sooner than they are let: however busy the machine is. */
  function heldVerify() {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const real = crypto.subtle.verify.bind(crypto.subtle);
    const verify = vi.spyOn(crypto.subtle, 'verify').mockImplementation(async (...args) => {
      await held;
      return real(...args);
    });
    const begun = (): number => verify.mock.calls.length;
    /** Lets them go on, and tells how many there were when no more came. */
    const all = async (): Promise<number> => {
      release();
      for (let before = -1; before !== begun();) {
        before = begun();
        await Promise.allSettled(verify.mock.results.map(({ value }) => value as Promise<boolean>));
        await open();
      }
      return begun();
    };
    return { begun, all };
  }

  const open = async (): Promise<number> =>
    fromBinary(CheckResponseSchema, await client.unary(CHECK_PATH, check('/open/1'))).status?.code ?? 0;

  async function burst(options: CallOptions): Promise<() => Promise<unknown>> {
    const tokens = await Promise.all(Array.from({ length: BURST }, (_, n) => signed(stranger, { n })));
    const calls = tokens.map((token) => client.unary(CHECK_PATH, check('/tokens/1', token), options));
    const ended = Promise.allSettled(calls);
    return () => ended;
  }

  test('costs a few signature checks, and leaves room for the Checks of other APIs', async () => {
    const verify = heldVerify();
    const leaving = new AbortController();
    const ended = await burst({ signal: leaving.signal });
    await expect.poll(verify.begun, { interval: 1, timeout: 10_000 }).toBeGreaterThan(0);
    leaving.abort();
    // While the signatures are still being checked.
    expect(new Set(await Promise.all(Array.from({ length: 100 }, open)))).toEqual(new Set([0]));
    await ended();
    expect(await verify.all()).toBeLessThan(BURST / 4);
    expect(served.abuse).toEqual([]);
  });

  test('is checked no more once its time is over', async () => {
    const verify = heldVerify();
    const ended = await burst({ timeoutMs: 300 });
    await ended();
    expect(await open()).toBe(0);
    expect(await verify.all()).toBeLessThan(50);
  });
});
