import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccessPolicy } from '../../src/policy/policy.ts';
import { answering, JwksServer, publish, signed, signingKey } from '../jwt/issuer.ts';
import type { Answering } from '../jwt/issuer.ts';
import { decide, publishedPolicy, refusedFor } from '../jwt/published-policy.ts';
import { WatchedKeySets } from '../jwt/watched-key-sets.ts';

const first = await signingKey('ES256', 'k1');
const second = await signingKey('ES256', 'k2');
const hang: Answering = () => {};
let watched: WatchedKeySets;
beforeEach(() => {
  watched = new WatchedKeySets();
});
afterEach(() => {
  watched.sets.close();
});

const policyOf = (...urls: readonly string[]): AccessPolicy => publishedPolicy(watched, urls);

describe('before the first key set has come', () => {
  test('a request waits for it', async () => {
    await using server = new JwksServer((request, response) => {
      setTimeout(() => publish(first)(request, response), 50);
    });
    await server.listen();
    const policy = policyOf(server.url);
    const tokens = [await signed(first, { n: 1 }), await signed(first, { n: 2 })];
    const outcomes = await Promise.all(tokens.map((token) => decide(policy, token)));
    expect(outcomes.map(refusedFor)).toEqual([undefined, undefined]);
    expect(server.requests).toBe(1);
  });

  test('a request waits no longer than shortly before its deadline, and is told to come back', async () => {
    await using server = new JwksServer(hang);
    await server.listen();
    const policy = policyOf(server.url);
    const waiting = decide(policy, await signed(first, {}), watched.time.monotonic() + 200);
    await sleep(50);
    watched.time.advance(149);
    await expect(Promise.race([waiting, sleep(20, 'waiting')])).resolves.toBe('waiting');
    watched.time.advance(1);
    expect(await waiting).toMatchObject({ reason: 'keys_unavailable', retryAfterSeconds: 1 });
    const late = await decide(policy, await signed(first, {}), watched.time.monotonic());
    expect(late).toHaveProperty('reason', 'keys_unavailable');
  });

  test.each([
    ['a quarter of its time', 400, 300],
    ['20 ms of a shorter one', 24, 4],
    ['all but a second of a long time', 60_000, 1000],
    ['all but a second where there is no deadline', Infinity, 1000],
  ])('a request keeps %s back for its answer', async (_, leftMs, waitMs) => {
    await using server = new JwksServer(hang);
    await server.listen();
    const policy = policyOf(server.url);
    const token = await signed(first, {});
    const before = watched.time.timers;
    const waiting = decide(policy, token, watched.time.monotonic() + leftMs);
    await expect.poll(() => watched.time.timers).toBeGreaterThan(before);
    await sleep(20);
    expect(watched.time.nextTimerInMs).toBe(waitMs);
    watched.time.advance(waitMs);
    expect(await waiting).toHaveProperty('reason', 'keys_unavailable');
  });

  test('requests wait the shorter the more of them do, so that not all are answered in one moment', async () => {
    await using server = new JwksServer(hang);
    await server.listen();
    const policy = policyOf(server.url);
    const tokens = await Promise.all(Array.from({ length: 300 }, (_, n) => signed(first, { n })));
    const answered: number[] = [];
    const started = watched.time.monotonic();
    const waiting = tokens.map(async (token) => {
      await decide(policy, token, started + 200);
      answered.push(watched.time.monotonic() - started);
    });
    await expect.poll(() => watched.time.timers).toBeGreaterThan(300);
    for (let ms = 0; ms < 150; ms++) {
      watched.time.advance(1);
      await sleep(0);
    }
    await Promise.all(waiting);
    expect(Math.max(...answered)).toBe(150);
    const perMs = Map.groupBy(answered, (ms) => Math.round(ms));
    expect(Math.max(...[...perMs.values()].map(({ length }) => length))).toBeLessThanOrEqual(102);
    expect(Math.min(...answered)).toBeLessThan(55);
  });

  test('a request does not wait where the fetch has failed and the next is not due', async () => {
    await using server = new JwksServer(answering(500, ''));
    await server.listen();
    const policy = policyOf(server.url);
    const token = await signed(first, {});
    expect(await decide(policy, token)).toMatchObject({ reason: 'keys_unavailable', retryAfterSeconds: 1 });
    expect(await decide(policy, token)).toHaveProperty('reason', 'keys_unavailable');
    expect(server.requests).toBe(1);
    server.answer = publish(first);
    watched.time.advance(1000);
    await watched.ended(2);
    expect(await decide(policy, token)).not.toHaveProperty('reason');
  });

  test('a token that no key could verify is refused without waiting', async () => {
    await using server = new JwksServer(hang);
    await server.listen();
    expect(await decide(policyOf(server.url), 'a.b.c.d.e')).toHaveProperty('reason', 'token_invalid');
    expect(server.requests).toBe(0);
  });
});

describe('several issuers', () => {
  test('are one union of keys', async () => {
    await using one = await JwksServer.publishing(first);
    await using other = await JwksServer.publishing(second);
    const policy = policyOf(one.url, other.url);
    for (const key of [first, second]) expect(await decide(policy, await signed(key, {}))).not.toHaveProperty('reason');
    const nameless = await signed(second, {}, { kid: undefined as never });
    expect(await decide(policy, nameless)).not.toHaveProperty('reason');
  });

  test.each<[string, Answering]>([
    ['hangs', hang],
    ['fails', answering(500, '')],
  ])('do no harm to one another: one %s', async (_what, answer) => {
    await using up = await JwksServer.publishing(first);
    await using down = new JwksServer(answer);
    await down.listen();
    const policy = policyOf(down.url, up.url);
    expect(await decide(policy, await signed(first, {}))).not.toHaveProperty('reason');
    up.answer = publish(first, second);
    expect(await decide(policy, await signed(second, {}))).not.toHaveProperty('reason');
    const stranger = await signingKey('ES256', 'k3');
    const waiting = decide(policy, await signed(stranger, {}), watched.time.monotonic() + 200);
    await sleep(30);
    watched.time.advance(200);
    expect(await waiting).toHaveProperty('reason', 'token_invalid');
  });
});

describe('a reload', () => {
  test('asks nobody again where the URL stays, and lets go of URLs that left', async () => {
    await using server = await JwksServer.publishing(first);
    const before = policyOf(server.url);
    const token = await signed(first, {});
    await decide(before, token);
    const after = policyOf(server.url);
    before.close?.();
    expect(await decide(after, token)).not.toHaveProperty('reason');
    expect(server.requests).toBe(1);
    expect(watched.sets.status()).toHaveLength(1);
    after.close?.();
    expect(watched.sets.status()).toHaveLength(0);
    expect(watched.time.timers).toBe(0);
  });
});
