/** A user and their password. */
function person(uid: string, password: string, more = ''): string {
  return `
dn: uid=${uid},ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: ${uid}
userPassword: ${password}
${more}`;
}

/** Who is in the directory of tests. Trees have units inside of units, so that the scope counts. */
export const PEOPLE = `
dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit
ou: groups
${person('alice', 'alice-password', 'mail: alice@example.com\nmail: a@example.com\nmemberOf: cn=admins,ou=groups,dc=example,dc=com\nmemberOf: cn=staff,ou=groups,dc=example,dc=com\n')}
${person('bob', 'bob-password', 'mail: bob@example.com\n')}
${person('star*(x)\\\\', 'star-password')}
${person('ümlaut', 'pässwörd')}

dn: ou=far,ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: far

dn: uid=carol,ou=far,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: carol
cn: carol
sn: carol
mail: bob@example.com
userPassword: carol-password

dn: cn=admins,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: admins
member: uid=alice,ou=people,dc=example,dc=com

dn: cn=staff,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: staff
member: uid=alice,ou=people,dc=example,dc=com
member: uid=bob,ou=people,dc=example,dc=com
`;
