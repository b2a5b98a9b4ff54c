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
import { RawClient, statusOf } from '../grpc/client.ts';
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

  test('costs a few signature checks, and leaves room for the Checks of other APIs', async () => {
    const tokens = await Promise.all(Array.from({ length: BURST }, (_, n) => signed(stranger, { n })));
    const verify = vi.spyOn(crypto.subtle, 'verify');
    const leaving = new AbortController();
    const calls = tokens.map((token) =>
      statusOf(client.unary(CHECK_PATH, check('/tokens/1', token), { signal: leaving.signal })).then(
        ({ code }) => code,
      ),
    );
    await expect.poll(() => verify.mock.calls.length, { interval: 1 }).toBeGreaterThan(0);
    leaving.abort();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => client.unary(CHECK_PATH, check('/open/1'), { timeoutMs: 5000 })),
    );
    for (const answer of answers) expect(fromBinary(CheckResponseSchema, answer).status?.code ?? 0).toBe(0);
    await Promise.all(calls.map((call) => call.catch(() => 0)));
    expect(verify.mock.calls.length).toBeLessThan(BURST / 4);
    expect(served.abuse).toEqual([]);
  });

  test('is checked no more once its time is over', async () => {
    const tokens = await Promise.all(Array.from({ length: BURST }, (_, n) => signed(stranger, { n })));
    const verify = vi.spyOn(crypto.subtle, 'verify');
    const calls = tokens.map((token) =>
      statusOf(client.unary(CHECK_PATH, check('/tokens/1', token), { timeoutMs: 60 })).catch(() => undefined),
    );
    await Promise.all(calls);
    const atTheEnd = verify.mock.calls.length;
    await client.unary(CHECK_PATH, check('/open/1'));
    expect(verify.mock.calls.length - atTheEnd).toBeLessThan(50);
  });
});
