import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CheckRequestSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { Samples } from '../../src/analytics/samples.ts';
import type { SamplesPorts } from '../../src/analytics/samples.ts';
import { createCheckMethod } from '../../src/envoy/check-service.ts';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { snapshotOfDocuments } from '../decision/documents.ts';
import { api, client, contract, credentials } from '../e2e/documents.ts';
import { portsOf } from '../policy/fixtures.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const CLIENT_ID = { policyRef: { name: 'client-id-enforcement' } };
const jwt = {
  policyRef: { name: 'jwt-validation' },
  config: { signingMethod: 'hmac', signingKeyLength: 256, textKey: 'k'.repeat(32), issuer: 'https://issuer.example' },
};
const documents = [
  api('orders', {
    tiers: [{ name: 'one', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: DAY_MS }] }],
    policies: [CLIENT_ID, { policyRef: { name: 'rate-limiting-sla' } }],
    routes: [{ path: '/{id}' }],
  }),
  api('tokens', { policies: [jwt] }),
  api('keys', { policies: [{ policyRef: { name: 'api-key' } }] }),
  api('tried', { policies: [{ ...CLIENT_ID, mode: 'shadow' }] }),
  ...Array.from({ length: 40 }, (_, at) => [client(`c${at}`), contract(`c${at}`, 'orders', 'one')]).flat(),
];

let snapshot: Snapshot;
beforeAll(async () => {
  snapshot = await snapshotOfDocuments(documents);
});

function open({ random = () => 0, maxBytes = 4 << 20, ...ports }: Partial<SamplesPorts> = {}) {
  const time = { now: Date.UTC(2026, 10, 28) };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const samples = new Samples({ names: () => snapshot, now: clock.now, random, maxBytes, ...ports });
  const store = new MemoryCounterStore(clock);
  let sequence = 0;
  const method = createCheckMethod({
    snapshot: () => snapshot,
    ports: portsOf({ clock, take: (demands) => store.take(demands) }),
    observer: {
      decided: (decision, check, durationMs) => samples.decided(decision, check, durationMs, sequence++),
      failed() {},
      policyFailed() {},
    },
  });
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}, verb = 'GET'): Promise<number> => {
    const http = { method: verb, path, host: 'shop.example', headers };
    const request = create(CheckRequestSchema, { attributes: { request: { http } } });
    if (method.kind !== 'unary') throw new Error('Check is unary');
    await method.handle(toBinary(CheckRequestSchema, request), {
      deadline: Infinity,
      signal: new AbortController().signal,
    });
    return sequence - 1;
  };
  const all = { sinceMs: 0, untilMs: Infinity, most: 10_000 };
  return { samples, ask, time, all };
}

describe('samples', () => {
  it('tell of a denial what each policy did', async () => {
    const { samples, ask, all, time } = open();
    await ask('/orders/4711', credentials('c1'));
    await ask('/orders/4711', credentials('c1'));
    const [denied, allowed] = samples.find(all);
    expect(denied).toEqual({
      event: {
        id: 'unreported-1',
        receivedAt: time.now,
        endedAt: time.now,
        api: 'orders',
        route: '/orders/{id}',
        client: 'c1',
        clientId: 'c1-id',
        contract: 'c1-orders',
        tier: 'one',
        outcome: 'blocked',
        policy: 'orders/rate-limiting-sla',
        reason: 'quota_spent',
        method: 'GET',
        status: 429,
        responseFlags: [],
        requestBytes: 0,
        responseBytes: 0,
        policyMs: 0,
      },
      steps: [
        {
          name: 'orders/client-id-enforcement',
          policy: 'client-id-enforcement',
          mode: 'enforce',
          result: 'allow',
          durationMs: 0,
        },
        {
          name: 'orders/rate-limiting-sla',
          policy: 'rate-limiting-sla',
          mode: 'enforce',
          result: 'deny',
          reason: 'quota_spent',
          detail: expect.any(String) as string,
          durationMs: 0,
        },
      ],
    });
    expect(allowed?.event).toMatchObject({ outcome: 'processed', status: 0, client: 'c1' });
    expect(samples.find({ ...all, reason: 'quota_spent' })).toEqual([denied]);
    expect(samples.find({ ...all, client: 'c2' })).toEqual([]);
    expect(samples.find({ ...all, api: 'orders', most: 1 })).toEqual([denied]);
    expect(samples.find({ ...all, untilMs: time.now })).toEqual([]);
  });

  it('tell what policies in shadow mode would have refused', async () => {
    const { samples, ask, all } = open();
    await ask('/tried/1', {}, 'MADEUP');
    expect(samples.find(all)[0]?.event).toMatchObject({
      method: '_other',
      shadow: ['tried/client-id-enforcement:client_rejected'],
    });
  });

  it('are completed by what the log tells', async () => {
    const { samples, ask, all } = open();
    const sequence = await ask('/orders/1');
    expect([samples.has(sequence), samples.has(sequence + 1)]).toEqual([true, false]);
    const { event, steps } = samples.find(all)[0]!;
    const told = { ...event, id: 'of-the-log', status: 401, durationMs: 3, requestId: 'r' };
    samples.ended(sequence, told);
    samples.ended(sequence + 1, told);
    expect(samples.find(all)).toEqual([{ event: told, steps }]);
  });

  it('are the last twenty denials of each API, client and reason, and a hundredth of what is allowed', async () => {
    const { samples, ask, all } = open({ random: () => 0.01 });
    for (let round = 0; round < 30; round++) {
      await ask('/orders/1', credentials('c2'));
      await ask('/orders/1', credentials('c3'));
      await ask('/orders/1');
      await ask('/nobodys/1');
    }
    const denials = (more: object) => samples.find({ ...all, ...more }).map(({ event }) => event.id);
    expect(denials({ client: 'c2' })).toHaveLength(20);
    expect(denials({ client: 'c3', reason: 'quota_spent' })).toHaveLength(20);
    expect(denials({ reason: 'client_rejected' })).toHaveLength(20);
    expect(denials({ reason: 'api_unknown' })).toHaveLength(20);
    expect(samples.find(all)).toHaveLength(80);
    expect(denials({ client: 'c2' }).every((id) => Number(id.split('-')[1]) >= 40)).toBe(true);

    let drawn = 0;
    const some = open({ random: () => (drawn++ % 100) / 100 });
    for (let round = 0; round < 1000; round++) await some.ask('/tried/1');
    expect(some.samples.find(some.all)).toHaveLength(10);
  });

  it('are kept for a day', async () => {
    const { samples, ask, all, time } = open();
    await ask('/orders/1');
    time.now += DAY_MS - 1;
    expect(samples.find(all)).toHaveLength(1);
    time.now += 2;
    expect(samples.find(all)).toEqual([]);
    const before = samples.bytes;
    await ask('/orders/1');
    expect(samples.bytes).toBe(before);
    time.now -= 2 * DAY_MS;
    await ask('/orders/1');
    expect(samples.find(all)).toHaveLength(2);
  });

  it('take no more memory than they may, and the latest stay', async () => {
    const maxBytes = 100_000;
    const { samples, ask, all } = open({ maxBytes });
    const last: number[] = [];
    for (let round = 0; round < 25; round++) {
      for (let at = 0; at < 40; at++) last[at] = await ask('/orders/1', credentials(`c${at}`));
      expect(samples.bytes).toBeLessThanOrEqual(maxBytes);
    }
    expect(samples.bytes).toBeGreaterThan(maxBytes / 3);
    const ids = new Set(samples.find(all).map(({ event }) => event.id));
    expect(last.every((sequence) => ids.has(`unreported-${sequence}`))).toBe(true);
    const long = { ...samples.find(all)[0]!.event, details: 'x'.repeat(20_000) };
    for (const sequence of last) samples.ended(sequence, long);
    expect(samples.bytes).toBeLessThanOrEqual(maxBytes);
  });

  it('hold no credential, no header and no path, whatever is sent', async () => {
    const { samples, ask, all } = open();
    const marked = fc
      .string({ unit: fc.constantFrom('a', 'Z', '0', '-'), maxLength: 8 })
      .map((text) => `mArKeR${text}`);
    const base64 = (text: string) => Buffer.from(text).toString('base64url');
    const credential = fc.oneof(
      marked.map((text) => ({ client_id: text, client_secret: text })),
      marked.map((text) => ({ client_id: 'c1-id', client_secret: text })),
      marked.map((text) => ({ authorization: `Bearer ${text}` })),
      marked.map((text) => ({
        authorization: `Bearer ${base64(`{"alg":"RS256","kid":"${text}"}`)}.${base64(`{"iss":"${text}","sub":"${text}"}`)}.${text}`,
      })),
      marked.map((text) => ({ authorization: `Basic ${Buffer.from(`${text}:${text}`).toString('base64')}` })),
      marked.map((text) => ({ 'x-api-key': text, cookie: `session=${text}`, dpop: text, 'user-agent': text })),
    );
    const path = fc
      .tuple(fc.constantFrom('orders', 'tokens', 'keys', 'tried', 'nobodys'), marked, marked)
      .map(([name, segment, query]) => `/${name}/${segment}?access_token=${query}&api_key=${query}`);
    await fc.assert(
      fc.asyncProperty(path, credential, marked, async (sent, headers, verb) => void (await ask(sent, headers, verb))),
      { numRuns: 500 },
    );
    const found = samples.find(all);
    expect(found.length).toBeGreaterThan(50);
    const text = JSON.stringify(found);
    expect(text).not.toMatch(/mArKeR/i);
    for (const encoded of ['mArKeR', '"mArKeR', 's":"mArKeR']) {
      // What stands ahead shifts base64; two characters at each end depend on it.
      expect(text).not.toContain(base64(encoded).slice(2, -2));
    }
  });
});
