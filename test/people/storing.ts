import { expect, test } from 'vitest';
import { hashOf } from '../../src/people/secret.ts';
import { HOUR, MINUTE } from './fixture.ts';
import type { Stores } from './fixture.ts';

const ANY = { verbs: [], kinds: [], teams: [] };
const CI = { name: 'ci', person: '', team: 'shop', limits: ANY, createdBy: 'local:bob', ttlMs: HOUR };

async function withBob(open: () => Promise<Stores>): Promise<Stores> {
  const stores = await open();
  expect(await stores.people.addLocal('local:bob', 'hash', ['devs'], stores.clock.nowMs)).toBe(true);
  return stores;
}

/** On a database of its own each time. */
export function keepsWhoCalls(open: () => Promise<Stores>): void {
  test('a local user has a name of their own', async () => {
    const { people, clock } = await withBob(open);
    expect(await people.addLocal('local:bob', 'other', [], clock.nowMs)).toBe(false);
    expect(await people.find('local:bob')).toMatchObject({ passwordHash: 'hash', groups: ['devs'], isDisabled: false });
    expect(await people.find('local:alice')).toBeUndefined();
    expect((await people.list()).map(({ name }) => name)).toEqual(['local:bob']);
    expect(await people.existing(['local:alice', 'local:bob'])).toEqual(['local:bob']);
    expect(await people.existing([])).toEqual([]);
  });

  test('a session lives as long as it is used, and no longer than its end', async () => {
    const { clock, sessions } = await withBob(open);
    const { id, secret } = await sessions.begin({ person: 'local:bob', kind: 'browser', address: '203.0.113.7' });
    expect(secret).toMatch(/^oss_[\w-]{43}$/);
    expect(await sessions.present(secret)).toMatchObject({ id, person: 'local:bob', groups: ['devs'] });
    expect(await sessions.present(`${secret.slice(0, -1)}_`)).toBeUndefined();
    for (let hours = 0; hours < 11; hours++) {
      clock.nowMs += HOUR;
      expect(await sessions.present(secret)).toBeDefined();
    }
    clock.nowMs += HOUR;
    expect(await sessions.present(secret)).toBeUndefined();
    const other = await sessions.begin({ person: 'local:bob', kind: 'browser', address: '' });
    clock.nowMs += 2 * HOUR;
    expect(await sessions.of('local:bob')).toEqual([]);
    expect(await sessions.present(other.secret)).toBeUndefined();
    // It is gone, also where a clock is put back.
    clock.nowMs -= 2 * HOUR;
    expect(await sessions.present(other.secret)).toBeUndefined();
  });

  test('a use is written once a minute', async () => {
    const { clock, sessions, tokens } = await withBob(open);
    const { secret } = await sessions.begin({ person: 'local:bob', kind: 'browser', address: '' });
    const added = await tokens.add(CI);
    if (added === 'taken') throw new Error('taken');
    const begun = clock.nowMs;
    await tokens.present(added.secret, '203.0.113.7');
    clock.nowMs += MINUTE - 1;
    await sessions.present(secret);
    await tokens.present(added.secret, '203.0.113.8');
    expect(await sessions.of('local:bob')).toMatchObject([{ seenAt: begun }]);
    expect(await tokens.find(added.token.id)).toMatchObject({ usedAt: begun, usedAddress: '203.0.113.7' });
    clock.nowMs += 1;
    await sessions.present(secret);
    await tokens.present(added.secret, '203.0.113.8');
    expect(await sessions.of('local:bob')).toMatchObject([{ seenAt: begun + MINUTE }]);
    expect(await tokens.find(added.token.id)).toMatchObject({ usedAt: begun + MINUTE, usedAddress: '203.0.113.8' });
  });

  test('sessions end one by one, or all of a user; a new password ends all but one', async () => {
    const { people, sessions } = await withBob(open);
    const begun = [];
    for (let at = 0; at < 4; at++)
      begun.push(await sessions.begin({ person: 'local:bob', kind: 'browser', address: '' }));
    const [first, second, third, fourth] = begun.map(({ id, secret }) => ({ id, secret }));
    if (first === undefined || second === undefined || third === undefined || fourth === undefined) throw new Error();
    expect(await sessions.end(first.id)).toBe(true);
    expect(await sessions.end(first.id)).toBe(false);
    expect(await sessions.present(first.secret)).toBeUndefined();
    expect(await people.setPassword('local:bob', 'new', second.id)).toBe(2);
    expect(await sessions.present(third.secret)).toBeUndefined();
    expect(await sessions.present(second.secret)).toBeDefined();
    expect(await sessions.endAllOf('local:bob')).toBe(1);
    expect(await people.setPassword('local:nobody', 'new', '')).toBeUndefined();
  });

  test('who is disabled or deleted has no session and no token, and none comes back by itself', async () => {
    const { clock, people, sessions, tokens } = await withBob(open);
    const own = { ...CI, person: 'local:bob', team: '' };
    const added = await tokens.add(own);
    if (added === 'taken') throw new Error('taken');
    const { secret } = await sessions.begin({ person: 'local:bob', kind: 'browser', address: '' });
    expect(await tokens.present(added.secret, '')).toMatchObject({ person: 'local:bob', groups: ['devs'] });
    expect(await people.setDisabled('local:bob', true)).toMatchObject({ isDisabled: true });
    expect(await tokens.present(added.secret, '')).toBeUndefined();
    expect(await sessions.present(secret)).toBeUndefined();
    expect(await people.setDisabled('local:bob', false)).toMatchObject({ isDisabled: false });
    expect(await sessions.present(secret)).toBeUndefined();
    expect(await tokens.present(added.secret, '')).toBeDefined();
    expect(await people.remove('local:bob', clock.nowMs)).toBe(true);
    expect(await people.remove('local:bob', clock.nowMs)).toBe(false);
    // Somebody else of the same name is somebody else.
    await people.addLocal('local:bob', 'hash', [], clock.nowMs);
    expect(await tokens.present(added.secret, '')).toBeUndefined();
  });

  test('a token ends when it expires and when it is revoked, and is kept as a hash', async () => {
    const { clock, database, tokens } = await open();
    const [first, second] = [await tokens.add(CI), await tokens.add({ ...CI, name: 'cd' })];
    if (first === 'taken' || second === 'taken') throw new Error('taken');
    expect(first.secret).toMatch(/^ost_[\w-]{43}$/);
    const rows = await database.kysely.selectFrom('access_token').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(first.secret.slice(4));
    expect(rows.map(({ hash }) => hash)).toContain(hashOf(first.secret));
    clock.nowMs += HOUR - 1;
    expect(await tokens.present(first.secret, '')).toMatchObject({ team: 'shop', groups: [] });
    expect((await tokens.existing(['token:ci', 'token:cd', 'token:other'])).toSorted()).toEqual([
      'token:cd',
      'token:ci',
    ]);
    expect(await tokens.revoke(second.token.id)).toMatchObject({ revokedAt: clock.nowMs });
    expect(await tokens.present(second.secret, '')).toBeUndefined();
    expect(await tokens.existing(['token:ci', 'token:cd'])).toEqual(['token:ci']);
    clock.nowMs += 1;
    expect(await tokens.present(first.secret, '')).toBeUndefined();
  });

  test("the name of a team's token never comes to another team", async () => {
    const { tokens } = await open();
    const [one, other] = await Promise.all([tokens.add(CI), tokens.add({ ...CI, team: 'food' })]);
    expect([one, other].filter((each) => each === 'taken')).toHaveLength(1);
    const won = one === 'taken' ? other : one;
    if (won === 'taken') throw new Error('taken');
    const { team } = won.token;
    expect(await tokens.add({ ...CI, team })).toBe('taken');
    await tokens.revoke(won.token.id);
    expect(await tokens.add({ ...CI, team: team === 'shop' ? 'food' : 'shop' })).toBe('taken');
    const again = await tokens.add({ ...CI, team });
    expect(again).toMatchObject({ token: { team } });
    expect(await tokens.present(won.secret, '')).toBeUndefined();
    // People have names of their own.
    expect(await tokens.add({ ...CI, team: '', person: 'local:bob' })).not.toBe('taken');
    expect(await tokens.list({ person: 'local:bob' })).toHaveLength(1);
    expect(await tokens.list({ team })).toHaveLength(1);
    expect(await tokens.list('everybody')).toHaveLength(2);
  });

  test('a provider that gives a name to somebody else does not give them what the one before has had', async () => {
    const { clock, people, sessions, tokens } = await open();
    const name = 'user:alice@example.com';
    const alice = { name, issuer: 'https://id', subject: '1', groups: ['devs', 'ops'] };
    expect(await people.take(alice, clock.nowMs, { isLogin: true })).toMatchObject({ groups: ['devs', 'ops'] });
    const provider = { session: 'sid', refreshToken: 'r-secret', checkAt: clock.nowMs };
    const { secret } = await sessions.begin({ person: name, kind: 'browser', address: '', provider });
    const added = await tokens.add({ ...CI, person: name, team: '' });
    if (added === 'taken') throw new Error('taken');
    // The same one, who has left a group; nothing said of groups changes none.
    expect(await people.take({ ...alice, groups: ['devs'] }, clock.nowMs, { isLogin: true })).toMatchObject({
      groups: ['devs'],
    });
    expect(await people.take({ ...alice, groups: undefined }, clock.nowMs, { isLogin: true })).toMatchObject({
      groups: ['devs'],
    });
    expect(await sessions.present(secret)).toMatchObject({ groups: ['devs'] });
    expect(await people.take({ ...alice, subject: '2' }, clock.nowMs, { isLogin: true })).toMatchObject({
      wasAnother: true,
    });
    expect(await sessions.present(secret)).toBeUndefined();
    expect(await tokens.present(added.secret, '')).toBeUndefined();
    await people.setDisabled(name, true);
    expect(await people.take(alice, clock.nowMs, { isLogin: true })).toBeUndefined();
  });

  test('a refresh token is opened by the secret of its session alone, and one asks at a time', async () => {
    const { clock, database, people, sessions } = await open();
    const name = 'user:alice@example.com';
    await people.take({ name, issuer: 'https://id', subject: '1', groups: [] }, clock.nowMs, { isLogin: true });
    const provider = { session: 'sid', refreshToken: 'a-refresh-token', checkAt: clock.nowMs };
    const { secret } = await sessions.begin({ person: name, kind: 'browser', address: '', provider });
    expect(JSON.stringify(await database.kysely.selectFrom('session').selectAll().execute())).not.toContain(
      'refresh-token',
    );
    const asked = await Promise.all([1, 2, 3].map(() => sessions.beginCheck(secret, clock.nowMs + MINUTE)));
    expect(asked.filter((each) => each === 'a-refresh-token')).toHaveLength(1);
    await sessions.checked(secret, clock.nowMs, 'the-next-one');
    expect(await sessions.beginCheck(secret, clock.nowMs + MINUTE)).toBe('the-next-one');
    expect(await sessions.endOfProvider({ issuer: 'https://other', session: 'sid' })).toEqual([]);
    expect(await sessions.endOfProvider({ issuer: 'https://id' })).toEqual([]);
    expect(await sessions.endOfProvider({ issuer: 'https://id', session: 'sid' })).toEqual([name]);
    expect(await sessions.present(secret)).toBeUndefined();
  });
}
