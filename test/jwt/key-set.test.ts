import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { answering, JwksServer, publish, signingKey } from './issuer.ts';
import type { Answering } from './issuer.ts';
import { NEED, WatchedKeySets } from './watched-key-sets.ts';

const first = await signingKey('ES256', 'k1');
const second = await signingKey('ES256', 'k2');

describe('a published key set', () => {
  test('is fetched once it is held, not before', async () => {
    await using server = await JwksServer.publishing(first);
    using watched = new WatchedKeySets();
    const { set } = watched.sets.hold(server.url, NEED);
    await sleep(20);
    expect(server.requests).toBe(0);
    watched.time.advance(0);
    await watched.ended(1);
    expect(set.keysFor('ES256', 'k1')).toHaveLength(1);
    expect(set.keysFor('RS256', 'k1')).toHaveLength(0);
    expect(watched.fetches[0]).toMatchObject({ url: server.url, outcome: 'success', keys: 1, detail: '', ignored: [] });
  });

  test('is not fetched for documents that let go at once', async () => {
    await using server = await JwksServer.publishing(first);
    using watched = new WatchedKeySets();
    watched.sets.hold(server.url, NEED).release();
    watched.time.advance(NEED.timeToLiveMs);
    await sleep(20);
    expect(server.requests).toBe(0);
    expect(watched.time.timers).toBe(0);
  });

  test('is one for all that name its URL, and forgotten with the last of them', async () => {
    await using server = await JwksServer.publishing(first);
    using watched = new WatchedKeySets();
    const urls = [server.url, `${server.url}#fragment`, server.url.replace('http:', 'HTTP:')];
    const held = urls.map((url) => watched.sets.hold(url, NEED));
    expect(new Set(held.map(({ set }) => set)).size).toBe(1);
    watched.time.advance(0);
    await watched.ended(1);
    held[0]?.release();
    held[0]?.release();
    held[1]?.release();
    expect(watched.sets.status()).toHaveLength(1);
    expect(watched.time.timers).toBe(1);
    held[2]?.release();
    expect(watched.sets.status()).toHaveLength(0);
    expect(watched.time.timers).toBe(0);
  });

  test('is refreshed before it expires, by the shortest life that any holder asks for', async () => {
    await using server = await JwksServer.publishing(first);
    using watched = new WatchedKeySets();
    watched.sets.hold(server.url, NEED);
    watched.time.advance(0);
    await watched.ended(1);
    expect(watched.time.nextTimerInMs).toBe(NEED.timeToLiveMs * 0.85);
    const brief = watched.sets.hold(server.url, { ...NEED, timeToLiveMs: 60_000 });
    expect(watched.time.nextTimerInMs).toBe(51_000);
    watched.time.advance(51_000);
    await watched.ended(2);
    brief.release();
    expect(server.requests).toBe(2);
  });

  test('takes over new keys, retires old ones and keeps those that stay', async () => {
    await using server = await JwksServer.publishing(first, second);
    using watched = new WatchedKeySets();
    const { set } = watched.sets.hold(server.url, NEED);
    await set.firstLoad();
    const [k1] = set.keysFor('ES256', 'k1');
    const [k2] = set.keysFor('ES256', 'k2');
    const third = await signingKey('ES256', 'k3');
    server.answer = publish(third, second);
    await set.refetch();
    expect(set.keysFor('ES256', 'k1')).toEqual([]);
    expect(k1?.retired).toBe(true);
    expect(k2?.retired).toBe(false);
    expect(set.keysFor('ES256', 'k2')).toEqual([k2]);
    expect(set.keysFor('ES256', 'k3')).toHaveLength(1);
  });
});

const hang: Answering = () => {};
const dripping: Answering = (_request, response) => {
  response.writeHead(200);
  response.write('{"keys":[');
};
const endless: Answering = (_request, response) => {
  response.writeHead(200);
  const write = (): void => {
    while (!response.destroyed && response.write(' '.repeat(65_536)));
  };
  response.on('drain', write);
  write();
};
const large = JSON.stringify({ keys: [first.jwk], padding: 'x'.repeat(2 * 1024 * 1024) });
const weak = JSON.stringify({ keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] });

describe('a fetch is refused, and the last good set stays in use,', () => {
  test.each<[string, Answering, string, RegExp]>([
    ['after a time-out', hang, 'timeout', /within 10000 ms/],
    ['after a time-out in the middle of the body', dripping, 'timeout', /within 10000 ms/],
    ['with status 500', answering(500, '{"keys":[]}'), 'status', /answers 500/],
    ['with status 204', answering(204, ''), 'status', /answers 204/],
    ['with a redirect', answering(302, '', { location: '/other' }), 'redirect', /redirects are not followed/],
    ['with 2 MB', answering(200, large), 'too_large', /more than 1048576 bytes/],
    ['without end', endless, 'too_large', /more than 1048576 bytes/],
    ['with HTML', answering(200, '<html>secret</html>'), 'malformed', /no JSON/],
    ['with other JSON', answering(200, '{"error":"secret"}'), 'malformed', /no JWK set/],
    ['with no usable key', answering(200, weak), 'malformed', /no usable key/],
    ['with an empty set', answering(200, '{"keys":[]}'), 'malformed', /no usable key/],
    ['when the connection breaks', (request) => request.socket.destroy(), 'unreachable', /can't be reached/],
  ])('%s', async (_what, answer, outcome, detail) => {
    await using server = await JwksServer.publishing(first);
    using watched = new WatchedKeySets();
    const { set } = watched.sets.hold(server.url, NEED);
    await set.firstLoad();
    server.answer = answer;
    const refetch = set.refetch();
    if (outcome === 'timeout') {
      await expect.poll(() => server.requests).toBe(2);
      await sleep(20);
      watched.time.advance(10_000);
    }
    await refetch;
    expect(watched.outcomes).toEqual(['success', outcome]);
    expect(watched.fetches[1]?.detail).toMatch(detail);
    expect(watched.fetches[1]?.detail).not.toContain('secret');
    expect(set.keysFor('ES256', 'k1')).toHaveLength(1);
    expect(set.keysFor('ES256', 'k1')[0]?.retired).toBe(false);
    expect(watched.sets.status()[0]).toMatchObject({ failing: true, keys: 1, detail: watched.fetches[1]?.detail });
    server.answer = publish(first);
    watched.time.advance(1000);
    await watched.ended(3);
    expect(watched.sets.status()[0]).toMatchObject({ failing: false, detail: '' });
  });
});

describe('an issuer that stays away', () => {
  test('is asked again ever more rarely, up to once a minute, while its set stays in use', async () => {
    await using server = await JwksServer.publishing(first);
    using watched = new WatchedKeySets();
    const { set } = watched.sets.hold(server.url, NEED);
    await set.firstLoad();
    server.answer = answering(500, '');
    const pauses: number[] = [];
    for (let fetches = 1; fetches < 10; fetches += 1) {
      await watched.ended(fetches);
      pauses.push(watched.time.nextTimerInMs);
      watched.time.advance(watched.time.nextTimerInMs);
    }
    expect(pauses.map(Math.round)).toEqual([3_060_000, 750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]);
    expect(set.keysFor('ES256', 'k1')).toHaveLength(1);
  });

  test('is asked at least every ten seconds while no set was ever loaded', async () => {
    await using server = new JwksServer(answering(500, ''));
    await server.listen();
    using watched = new WatchedKeySets();
    const { set } = watched.sets.hold(server.url, NEED);
    watched.time.advance(0);
    for (let fetches = 1; fetches < 8; fetches += 1) {
      await watched.ended(fetches);
      expect(watched.time.nextTimerInMs).toBeLessThanOrEqual(10_000);
      expect(set.firstLoad()).toBeUndefined();
      watched.time.advance(watched.time.nextTimerInMs);
    }
    expect(watched.sets.status()).toEqual([
      { url: server.url, lastSuccess: undefined, keys: 0, failing: true, detail: 'it answers 500' },
    ]);
  });
});

describe('an unknown kid', () => {
  test('makes one fetch at a time, and one in ten seconds, however many ask', async () => {
    await using server = await JwksServer.publishing(first);
    using watched = new WatchedKeySets();
    const { set } = watched.sets.hold(server.url, NEED);
    await Promise.all(Array.from({ length: 50 }, async () => set.firstLoad()));
    expect(server.requests).toBe(1);
    await Promise.all(Array.from({ length: 50 }, async () => set.refetch()));
    expect(server.requests).toBe(2);
    for (let elapsed = 0; elapsed < 30_000; elapsed += 100) {
      await set.refetch();
      watched.time.advance(100);
    }
    expect(server.requests).toBe(4);
  });

  test('makes no fetch once the set is closed', async () => {
    await using server = await JwksServer.publishing(first);
    using watched = new WatchedKeySets();
    const held = watched.sets.hold(server.url, NEED);
    await held.set.firstLoad();
    held.release();
    expect(held.set.refetch()).toBeUndefined();
    expect(watched.time.timers).toBe(0);
  });
});

test('nothing that is reported has the user part or the query of a URL', async () => {
  await using server = await JwksServer.publishing(first);
  using watched = new WatchedKeySets();
  await watched.sets.hold(`${server.url}?token=hidden`, NEED).set.firstLoad();
  expect(watched.fetches[0]?.outcome).toBe('success');
  expect(JSON.stringify([watched.fetches, watched.sets.status()])).not.toContain('hidden');
});

describe('a refresh that an operator asks for', () => {
  test('fetches at once, whatever was fetched a moment ago, and tells which keys were withdrawn', async () => {
    await using server = await JwksServer.publishing(first, second);
    using watched = new WatchedKeySets();
    const { set } = watched.sets.hold(`${server.url}#part`, NEED);
    await set.firstLoad();
    await set.refetch();
    const [k1] = set.keysFor('ES256', 'k1');
    server.answer = publish(second);
    const [fetched, ...others] = await watched.sets.refresh(server.url);
    expect(others).toEqual([]);
    expect(fetched).toMatchObject({ url: server.url, outcome: 'success', keys: 1, withdrawn: 1 });
    expect(k1?.retired).toBe(true);
    expect(await watched.sets.refresh()).toMatchObject([{ outcome: 'success', keys: 1, withdrawn: 0 }]);
    expect(await watched.sets.refresh('http://127.0.0.1:1/other.json')).toEqual([]);
  });

  test('does not take the answer of a fetch that ran already', async () => {
    let answer = (): void => {};
    await using server = await JwksServer.publishing(first, second);
    using watched = new WatchedKeySets();
    const { set } = watched.sets.hold(server.url, NEED);
    await set.firstLoad();
    server.answer = (request, response) => {
      answer = () => publish(first, second)(request, response);
    };
    void set.refetch();
    await expect.poll(() => server.requests).toBe(2);
    const refreshed = watched.sets.refresh();
    server.answer = publish(second);
    answer();
    expect(await refreshed).toMatchObject([{ keys: 1, withdrawn: 1 }]);
    expect(server.requests).toBe(3);
  });
});
