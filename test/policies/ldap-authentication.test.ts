import { describe, expect, it } from 'vitest';
import { EgressFault } from '../../src/egress/fault.ts';
import type { EgressTarget } from '../../src/egress/connect.ts';
import kind from '../../src/policies/ldap-authentication.ts';
import type { AccessPolicy } from '../../src/policy/policy.ts';
import { Unavailable } from '../../src/policy/unavailable.ts';
import { checkOf, requestOf } from '../policy/fixtures.ts';
import { policyEnvironment } from './environment.ts';

const SERVER = {
  ldapServerURL: 'ldaps://directory.example.com',
  ldapServerUserDn: 'cn=service,dc=example,dc=com',
  ldapServerUserPassword: 'service-password',
  ldapSearchBase: 'ou=people,dc=example,dc=com',
};

/** A policy whose directory can't be reached; it remembers where it was looked for. */
function unreachable(config: object = {}) {
  const asked: EgressTarget[] = [];
  const { egress, ...rest } = policyEnvironment();
  const connect = (target: EgressTarget) => {
    asked.push(target);
    return Promise.reject(new EgressFault('unreachable', "it can't be reached (ECONNREFUSED)"));
  };
  const files = { content: () => 'from a file' as never };
  const options = kind.options.parse({ ...SERVER, ...config });
  const policy = kind.create(options, { ...rest, egress: { ...egress, connect }, files }) as AccessPolicy;
  const decide = async (authorization?: string) =>
    policy.decide(requestOf(checkOf({ headers: authorization === undefined ? {} : { authorization } })));
  return { decide, asked };
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('ldap-authentication', () => {
  it.each([
    ['no credentials', undefined, 'credentials_missing'],
    ['another scheme', 'Bearer x', 'credentials_missing'],
    ['no base64', 'Basic %%%', 'credentials_malformed'],
    ['two of them', `${basic('a:b')},${basic('a:b')}`, 'credentials_malformed'],
    ['no colon', basic('alice'), 'credentials_malformed'],
    ['an empty password', basic('alice:'), 'credentials_malformed'],
    ['an empty name', basic(':password'), 'credentials_malformed'],
    ['a NUL in the name', basic('alice\0:password'), 'credentials_malformed'],
    ['a NUL in the password', basic('alice:\0password'), 'credentials_malformed'],
    ['a huge password', basic(`alice:${'x'.repeat(1025)}`), 'credentials_malformed'],
    ['a huge name', basic(`${'x'.repeat(257)}:password`), 'credentials_malformed'],
    ['bytes that are not UTF-8', 'Basic /zr/', 'credentials_malformed'],
  ])('refuses %s before it asks anybody', async (_what, authorization, cause) => {
    const { decide, asked } = unreachable();
    const challenge = 'Basic realm="ostiary", charset="UTF-8"';
    expect(await decide(authorization)).toMatchObject({ reason: 'user_rejected', cause, challenge });
    expect(asked).toEqual([]);
  });

  it('fails where the directory is not reached, with a reason of its own and no word of the credentials', async () => {
    const { decide, asked } = unreachable();
    const failure: unknown = await decide(basic('alice:hunter2')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unavailable);
    const { denial } = failure as Unavailable;
    expect(denial).toMatchObject({ reason: 'directory_unavailable', detail: expect.stringContaining('ECONNREFUSED') });
    expect(JSON.stringify(denial)).not.toMatch(/hunter2|alice|service/);
    expect(asked).toEqual([{ host: 'directory.example.com', port: 636, timeoutMs: 5000 }]);
  });

  it('asks a directory that is away no more than some times', async () => {
    const { decide, asked } = unreachable();
    for (let i = 0; i < 100; i++) await decide(basic(`alice:password-${i}`)).catch(() => undefined);
    expect(asked.length).toBeLessThan(10);
  });

  const insecure = { ldapServerURL: 'ldap://directory.example.com', allowInsecureLdap: true };
  const groups = { searchBase: 'ou=groups,dc=example,dc=com' };
  it.each([
    {},
    insecure,
    { ldapServerURL: 'ldap://[2001:db8::1]:1389/' },
    { ldapServerUserPassword: undefined, ldapServerUserPasswordFile: 'password.txt', authoritiesFile: 'ca.pem' },
    { groups, requiredGroups: ['cn=staff,ou=groups,dc=example,dc=com'] },
    { groups: { attribute: 'memberOf' }, claimsToHeaders: [{ claim: 'groups', header: 'x-groups', encoding: 'json' }] },
    { attributes: [{ claim: 'mail', attribute: 'mail' }], claimsToHeaders: [{ claim: 'mail', header: 'x-mail' }] },
  ])('takes %j', (config) => {
    expect(kind.options.safeParse({ ...SERVER, ...config }).error).toBeUndefined();
  });

  it.each([
    ['an unknown key', { ldapUrl: 'x' }, 'ldapUrl'],
    ['another scheme', { ldapServerURL: 'https://directory.example.com' }, 'ldapServerURL'],
    ['a password in the URL', { ldapServerURL: 'ldaps://a:b@directory.example.com' }, 'user and password'],
    ['a base in the URL', { ldapServerURL: 'ldaps://directory.example.com/dc=example' }, 'ldapSearchBase'],
    ['a metadata service', { ldapServerURL: 'ldap://169.254.169.254:389' }, 'metadata'],
    ['no security that was there', { allowInsecureLdap: true }, 'no effect with ldaps'],
    ['no password', { ldapServerUserPassword: undefined }, 'is missing'],
    ['an empty password', { ldapServerUserPassword: '' }, 'ldapServerUserPassword'],
    ['two passwords', { ldapServerUserPasswordFile: 'x' }, 'no effect beside'],
    ['a filter that finds anybody', { ldapSearchFilter: '(objectClass=person)' }, 'has no {0}'],
    ['a name in place of an attribute', { ldapSearchFilter: '({0}=x)' }, 'search filter'],
    ['groups that nobody looks for', { requiredGroups: ['admins'] }, 'needs groups'],
    ['a group search for everybody', { groups: { ...groups, searchFilter: '(cn=x)' } }, 'has no {dn}'],
    ['groups in two ways', { groups: { ...groups, attribute: 'memberOf' } }, 'no effect beside'],
    ['a claim of its own', { attributes: [{ claim: 'sub', attribute: 'mail' }] }, 'already'],
    ['a header of no claim', { claimsToHeaders: [{ claim: 'mail', header: 'x-mail' }] }, 'no such claim'],
    ['names with commas in a header', { groups, claimsToHeaders: [{ claim: 'groups', header: 'x-g' }] }, 'commas'],
    ['a long memory', { cacheSeconds: 61 }, 'cacheSeconds'],
  ])('refuses %s at load', (_what, config, told) => {
    expect(JSON.stringify(kind.options.safeParse({ ...SERVER, ...config }).error?.issues)).toContain(told);
  });

  it('warns of a directory on loopback that is not reached', () => {
    const warnings = (ldapServerURL: string) =>
      kind.warnings?.({ ldapServerURL }, { ...policyEnvironment(), files: { content: () => undefined as never } }) ??
      [];
    expect(warnings('ldap://localhost')[0]?.message).toContain('--egress-allow localhost:389');
    expect(warnings('ldaps://directory.example.com')).toEqual([]);
  });
});
