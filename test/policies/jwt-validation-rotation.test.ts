import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccessPolicy } from '../../src/policy/policy.ts';
import { answering, JwksServer, publish, signed, signingKey } from '../jwt/issuer.ts';
import { decide, publishedPolicy, refusedFor } from '../jwt/published-policy.ts';
import { bearer } from '../jwt/request.ts';
import { WatchedKeySets } from '../jwt/watched-key-sets.ts';

const first = await signingKey('ES256', 'k1');
const second = await signingKey('ES256', 'k2');
let watched: WatchedKeySets;
beforeEach(() => {
  watched = new WatchedKeySets();
});
afterEach(() => {
  watched.sets.close();
});

const policyOf = (...urls: readonly string[]): AccessPolicy => publishedPolicy(watched, urls);

/** Of a set that was fetched once: whatever storms come, it is asked for again once at first, and once when ten seconds are over. */
async function expectOneFetchIn10s(server: JwksServer, storm: () => Promise<void>): Promise<void> {
  await storm();
  await storm();
  expect(server.requests).toBe(2);
  watched.time.advance(9999);
  await storm();
  expect(server.requests).toBe(2);
  watched.time.advance(1);
  await storm();
  expect(server.requests).toBe(3);
}

describe('rotation', () => {
  test('brings a new key at once, and ends what the old one has verified', async () => {
    await using server = await JwksServer.publishing(first);
    const policy = policyOf(server.url);
    const [old, young] = [await signed(first, {}), await signed(second, {})];
    expect(await decide(policy, old)).not.toHaveProperty('reason');
    expect(policy.decide(bearer(old))).not.toBeInstanceOf(Promise);
    server.answer = publish(second);
    expect(await decide(policy, young)).not.toHaveProperty('reason');
    expect(await decide(policy, old)).toHaveProperty('reason', 'token_invalid');
    expect(policy.decide(bearer(young))).not.toBeInstanceOf(Promise);
  });

  test('that leaves a key in place leaves its tokens verified', async () => {
    await using server = await JwksServer.publishing(first);
    const policy = policyOf(server.url);
    const token = await signed(first, {});
    await decide(policy, token);
    server.answer = publish(second, first);
    await decide(policy, await signed(second, {}));
    expect(policy.decide(bearer(token))).not.toBeInstanceOf(Promise);
  });

  test('is found out once in ten seconds, whatever random kids come', async () => {
    await using server = await JwksServer.publishing(first);
    const policy = policyOf(server.url);
    await decide(policy, await signed(first, {}));
    const storm = async (): Promise<void> => {
      const tokens = await Promise.all(
        Array.from({ length: 100 }, () => signed(second, {}, { kid: String(Math.random()) })),
      );
      const outcomes = await Promise.all(tokens.map((token) => decide(policy, token)));
      expect(new Set(outcomes.map(refusedFor))).toEqual(new Set(['token_invalid']));
    };
    await expectOneFetchIn10s(server, storm);
  });

  test('is found out where the key was replaced under the same kid', async () => {
    await using server = await JwksServer.publishing(first);
    const policy = policyOf(server.url);
    const old = await signed(first, {});
    expect(await decide(policy, old)).not.toHaveProperty('reason');
    const heir = await signingKey('ES256', 'k1');
    server.answer = publish(heir);
    expect(await decide(policy, await signed(heir, {}))).not.toHaveProperty('reason');
    expect(await decide(policy, old)).toHaveProperty('reason', 'token_invalid');
    expect(server.requests).toBe(2);
  });

  test('is found out where the keys of a set have no kid', async () => {
    const nameless = ({ jwk }: typeof first) => answering(200, JSON.stringify({ keys: [{ ...jwk, kid: undefined }] }));
    await using server = new JwksServer(nameless(first));
    await server.listen();
    const policy = policyOf(server.url);
    const without = { kid: undefined as never };
    expect(await decide(policy, await signed(first, {}, without))).not.toHaveProperty('reason');
    server.answer = nameless(second);
    expect(await decide(policy, await signed(second, {}, without))).not.toHaveProperty('reason');
    expect(await decide(policy, await signed(second, { n: 1 }, { kid: 'whatever' }))).not.toHaveProperty('reason');
    expect(server.requests).toBe(2);
  });

  test('is asked for once in ten seconds, however many signatures are wrong', async () => {
    await using server = await JwksServer.publishing(first);
    const policy = policyOf(server.url);
    const wrong = await Promise.all(Array.from({ length: 50 }, (_, n) => signed(second, { n }, { kid: 'k1' })));
    const storm = async (): Promise<void> => {
      const outcomes = await Promise.all(wrong.map((token) => decide(policy, token)));
      expect(new Set(outcomes.map(refusedFor))).toEqual(new Set(['token_invalid']));
    };
    await decide(policy, await signed(first, {}));
    await expectOneFetchIn10s(server, storm);
  });

  test('forgets that a token was refused, as soon as the keys change', async () => {
    await using server = await JwksServer.publishing(first);
    const policy = policyOf(server.url);
    const early = await signed(second, {});
    await decide(policy, await signed(first, {}));
    await decide(policy, early);
    expect(policy.decide(bearer(early))).toHaveProperty('reason', 'token_invalid');
    server.answer = publish(first, second);
    watched.time.advance(3_600_000 * 0.85);
    await watched.ended(3);
    expect(await decide(policy, early)).not.toHaveProperty('reason');
  });
});
