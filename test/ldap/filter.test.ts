import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escaped, filterTemplate } from '../../src/ldap/filter.ts';
import type { FilterTemplate } from '../../src/ldap/filter.ts';

describe('a template of a search filter', () => {
  it.each([
    ['(uid={0})', 'uid'],
    ['(sAMAccountName={0})', 'sAMAccountName'],
    ['(&(objectClass=person)(mail={0}))', 'mail'],
    ['(|(uid={0})(mail={0}))', 'uid'],
    ['(&(objectClass=user)(!(disabled=TRUE))(cn=*{0}))', undefined],
    ['(memberOf:1.2.840.113556.1.4.1941:={0})', undefined],
    ['(cn=a\\2ab {0})', undefined],
  ])('may be %s', (text, nameAttribute) => {
    expect(filterTemplate(text, '{0}')).toMatchObject({ nameAttribute });
  });

  it.each([
    '',
    'uid={0}',
    '(uid={0}',
    '(uid={0}))',
    '(uid={0})(cn=x)',
    '({0}=x)',
    '({0})',
    '(&{0})',
    '(&)',
    '(!(a={0})(b=c))',
    '(uid=x)',
    '(uid={1})',
    '(uid={0}(cn=x))',
    '(uid=\\zz{0})',
    `${'(!'.repeat(20)}(uid={0})${')'.repeat(20)}`,
  ])('may not be %s', (text) => {
    expect(filterTemplate(text, '{0}')).toEqual(expect.any(String));
  });

  it('keeps every value in its place', () => {
    const template = filterTemplate('(&(uid={0})(member={dn}))', '{0}') as FilterTemplate;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (name, dn) => {
        const filter = template.with({ name, dn });
        const value = /^\(&\(uid=([^()*\\\0]|\\[0-9a-f]{2})*\)\(member=([^()*\\\0]|\\[0-9a-f]{2})*\)\)$/u;
        expect(filter).toMatch(value);
        expect(
          escaped(name).replaceAll(/\\([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
        ).toBe(name);
      }),
    );
    expect(template.with({ name: '{dn}', dn: 'x{0}' })).toBe('(&(uid={dn})(member=x{0}))');
  });
});
