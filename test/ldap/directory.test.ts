import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { SERVICE, startSlapd } from '../real/slapd.ts';
import type { RealSlapd } from '../real/slapd.ts';
import { directoryAt, serverOf, template } from './asking.ts';
import type { Asked } from './asking.ts';
import { PEOPLE } from './people.ts';

const parts = [await partOrSkip('slapd'), await partOrSkip('openssl')];

describe.skipIf(parts.includes(undefined))('a real directory', () => {
  let slapd: RealSlapd;
  let authorities: string;
  beforeAll(async () => {
    slapd = await startSlapd(PEOPLE);
    authorities = readFileSync(slapd.caFile, 'utf8');
  });
  afterAll(() => slapd?.stop());

  const directory = (asked: Partial<Asked> = {}) =>
    directoryAt({ server: { ...serverOf(`ldap://127.0.0.1:${slapd.port}`), authorities }, ...asked });

  test('knows a user by a bind, and tells who it is as it writes it itself', async () => {
    const { user } = (await directory().authenticate('ALICE', 'alice-password')) as { user: object };
    expect(user).toEqual({
      dn: 'uid=alice,ou=people,dc=example,dc=com',
      subject: 'alice',
      groups: ['cn=admins,ou=groups,dc=example,dc=com', 'cn=staff,ou=groups,dc=example,dc=com'],
      attributes: new Map([['mail', ['alice@example.com', 'a@example.com']]]),
    });
  });

  test.each<[string, string, string, string]>([
    ['a wrong password', 'alice', 'bob-password', 'wrong'],
    ['a user that there is not', 'nobody', 'alice-password', 'nobody'],
    ['a user of another unit', 'carol', 'carol-password', 'nobody'],
    ['an empty name', '', 'alice-password', 'nobody'],
    ['a star', '*', 'alice-password', 'nobody'],
    ['an injected filter', '*)(uid=*', 'alice-password', 'nobody'],
    ['an injected alternative', 'x)(|(uid=alice', 'alice-password', 'nobody'],
    ['an injected comment', 'alice)(objectClass=*))(&(uid=x', 'alice-password', 'nobody'],
    ['an escape', 'alice\\2a', 'alice-password', 'nobody'],
    ['a NUL in the name', 'alice\0', 'alice-password', 'nobody'],
    ['a NUL in the password', 'alice', 'alice-password\0', 'wrong'],
    ['a huge password', 'alice', 'x'.repeat(100_000), 'wrong'],
    ['a distinguished name', 'uid=alice,ou=people,dc=example,dc=com', 'alice-password', 'nobody'],
  ])('refuses %s', async (_what, name, password, found) => {
    expect(await directory().authenticate(name, password)).toEqual({ found });
  });

  test('takes signs in names for what they are', async () => {
    const all = directory();
    expect(await all.authenticate('star*(x)\\', 'star-password')).toMatchObject({ found: 'user' });
    expect(await all.authenticate('ümlaut', 'pässwörd')).toMatchObject({ found: 'user', user: { subject: 'ümlaut' } });
    expect(await all.authenticate('ümlaut', 'password')).toEqual({ found: 'wrong' });
  });

  test('is not asked with an empty password, though it would say yes', async () => {
    const binds = () => slapd.log().match(/BIND dn="uid=bob,/g)?.length ?? 0;
    const all = directory();
    await expect(all.authenticate('bob', '')).rejects.toThrow(TypeError);
    expect(binds()).toBe(0);
    expect(await all.authenticate('bob', 'bob-password')).toMatchObject({ found: 'user' });
    await expect.poll(binds).toBeGreaterThan(0);
  });

  test('refuses a name that two entries have', async () => {
    const filter = template('(mail={0})');
    const deep = directory({ layout: { filter, scope: 'sub' } });
    expect(await deep.authenticate('bob@example.com', 'bob-password')).toEqual({ found: 'several' });
    expect(await deep.authenticate('alice@example.com', 'alice-password')).toMatchObject({ found: 'user' });
    const shallow = directory({ layout: { filter } });
    expect(await shallow.authenticate('bob@example.com', 'bob-password')).toMatchObject({ found: 'user' });
  });

  test('finds groups by a search, by name or by distinguished name', async () => {
    const base = 'ou=groups,dc=example,dc=com';
    const filter = template('(&(objectClass=groupOfNames)(member={dn}))', '{dn}');
    const groupsOf = async (nameAttribute: string | undefined, name: string) => {
      const found = await directory({ layout: { groups: { base, filter, nameAttribute } } }).authenticate(
        name,
        `${name}-password`,
      );
      return found.found === 'user' ? found.user.groups.toSorted() : [];
    };
    expect(await groupsOf('cn', 'alice')).toEqual(['admins', 'staff']);
    expect(await groupsOf(undefined, 'bob')).toEqual([`cn=staff,${base}`]);
  });

  test.each([
    ['ldaps', () => `ldaps://localhost:${slapd.tlsPort}`],
    ['ldaps to an address', () => `ldaps://127.0.0.1:${slapd.tlsPort}`],
    ['StartTLS', () => `ldap://localhost:${slapd.port}`],
  ])('is reached over %s, and not with a certificate of others', async (_what, url) => {
    const server = serverOf(url());
    const known = directory({ server: { ...server, authorities } });
    expect(await known.authenticate('bob', 'bob-password')).toMatchObject({ found: 'user' });
    await expect(directory({ server }).authenticate('bob', 'bob-password')).rejects.toThrow(/^no TLS/);
  });

  test('is not reached where the rules of egress forbid it', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const server = { ...serverOf(`ldap://${host}:${slapd.port}`), authorities };
      await expect(directory({ server, allow: [] }).authenticate('bob', 'bob-password')).rejects.toThrow(
        '--egress-allow',
      );
    }
  });

  test('fails where the account of the service is refused', async () => {
    const account = { ...SERVICE, password: 'another' };
    await expect(directory({ account }).authenticate('bob', 'bob-password')).rejects.toThrow('ldapServerUserDn');
  });

  test('serves many at once over few connections, each with its own answer', async () => {
    const all = directory();
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        const [name, other] = at % 2 === 0 ? ['alice', 'bob'] : ['bob', 'alice'];
        const { found } = await all.authenticate(name, at % 3 === 0 ? `${name}-password` : `${other}-password`);
        return [at, found === (at % 3 === 0 ? 'user' : 'wrong')];
      }),
    );
    expect(answers.filter(([, isRight]) => isRight !== true)).toEqual([]);
  });

  test('is asked again after it was killed and has come back', async () => {
    const all = directory();
    expect(await all.authenticate('bob', 'bob-password')).toMatchObject({ found: 'user' });
    await slapd.kill();
    await expect(all.authenticate('bob', 'bob-password')).rejects.toThrow(/ECONNREFUSED/);
    await slapd.restart();
    expect(await all.authenticate('bob', 'bob-password')).toMatchObject({ found: 'user' });
    expect(await all.authenticate('bob', 'wrong')).toEqual({ found: 'wrong' });
  });
});
