import { z } from 'zod';
import { problemOfDocumentUrl } from '../egress/document-url.ts';
import { filterTemplate } from '../ldap/filter.ts';
import { CLAIM_ENCODINGS } from '../jwt/claim-encoding.ts';
import { ldapServer, urlOf } from '../ldap/server.ts';
import { upstreamHeader } from '../policy/upstream-header.ts';
import { BASIC_OPTIONS } from './basic-options.ts';

const text = z.string().min(1);
const attribute = z.string().regex(/^[A-Za-z][A-Za-z0-9;-]*$/, 'expected the name of an attribute, such as mail');
/** The longest time for which a right password is remembered after it was changed in the directory. */
const MAX_CACHE_SECONDS = 60;
/** The claims that the policy sets by itself. */
const OWN_CLAIMS: ReadonlySet<string> = new Set(['sub', 'dn', 'groups']);

const groups = z
  .strictObject({
    attribute: attribute.optional().describe('Of the entry of the user: its values are groups, such as memberOf'),
    searchBase: text.optional().describe('Where groups are searched, in the whole subtree'),
    searchFilter: text
      .optional()
      .describe('Default (member={dn}); {dn} is the name of the entry of the user, {0} the name that the caller gave'),
    nameAttribute: attribute
      .optional()
      .describe('Of groups that are searched: what they are called by; absent: the distinguished name'),
  })
  .superRefine((value, context) => {
    const report = (field: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [field], message });
    };
    if (value.attribute === undefined) {
      if (value.searchBase === undefined)
        report('searchBase', 'is missing: name it, or the attribute that holds groups');
    } else {
      for (const field of ['searchBase', 'searchFilter', 'nameAttribute'] as const)
        if (value[field] !== undefined) report(field, 'has no effect beside attribute; remove one of the two');
    }
    const template = filterTemplate(value.searchFilter ?? '(member={dn})', '{dn}');
    if (typeof template === 'string') report('searchFilter', template);
  });

/** The parameters of `ldap-authentication`, and which of them exclude each other. */
export const options = z
  .strictObject({
    ldapServerURL: text.describe('ldaps://HOST[:PORT], or ldap://HOST[:PORT] for StartTLS'),
    allowInsecureLdap: z
      .boolean()
      .default(false)
      .describe('true: ldap:// without StartTLS: anyone on the way reads the passwords'),
    authoritiesFile: text.optional().describe("PEM authorities in place of the system's; the file is followed"),
    ldapServerUserDn: text.describe('Distinguished name of the account that searches'),
    ldapServerUserPassword: text
      .optional()
      .describe('Of that account: better $NAME of a variable than the password itself'),
    ldapServerUserPasswordFile: text.optional().describe('A file that holds it, and is followed'),
    ldapSearchBase: text.describe('Where users are searched'),
    ldapSearchFilter: text
      .default('(uid={0})')
      .describe('Which entry is the user: {0} is the name that the caller gave'),
    ldapSearchInSubtree: z.boolean().default(false).describe('true: at any depth; false: right below ldapSearchBase'),
    ldapServiceTimeout: z
      .int()
      .min(100)
      .max(60_000)
      .default(5000)
      .describe('Milliseconds for connecting, and again for each question'),
    cacheSeconds: z
      .int()
      .min(0)
      .max(MAX_CACHE_SECONDS)
      .default(MAX_CACHE_SECONDS)
      .describe('How long a right password counts without asking again'),
    maxCacheEntries: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe('Users that are remembered; of refusals as many'),
    attributes: z
      .array(z.strictObject({ claim: text, attribute }))
      .max(32)
      .default([])
      .describe('Attributes of the entry that become claims'),
    groups: groups.optional().describe('How groups of the user are found; absent: not at all'),
    requiredGroups: z
      .array(text)
      .max(64)
      .default([])
      .describe('The user has to be in all of them; case does not count'),
    claimsToHeaders: z
      .array(z.strictObject({ claim: text, header: upstreamHeader, encoding: z.enum(CLAIM_ENCODINGS).default('text') }))
      .max(32)
      .default([])
      .describe('Claims that the upstream is told in headers'),
    ...BASIC_OPTIONS,
  })
  .superRefine((value, context) => {
    const report = (path: PropertyKey | PropertyKey[], message: string): void => {
      context.addIssue({ code: 'custom', path: [path].flat(), message });
    };
    const url = urlProblem(value.ldapServerURL, value.allowInsecureLdap);
    if (url !== undefined) report('ldapServerURL', url);
    if (value.allowInsecureLdap && value.ldapServerURL.startsWith('ldaps:'))
      report('allowInsecureLdap', 'has no effect with ldaps://; remove it');
    const { ldapServerUserPassword: password, ldapServerUserPasswordFile: file } = value;
    if (password === undefined && file === undefined)
      report('ldapServerUserPassword', 'is missing: give $NAME of a variable, or ldapServerUserPasswordFile');
    if (password !== undefined && file !== undefined)
      report('ldapServerUserPasswordFile', 'has no effect beside ldapServerUserPassword; remove one of the two');
    const template = filterTemplate(value.ldapSearchFilter, '{0}');
    if (typeof template === 'string') report('ldapSearchFilter', template);
    if (value.groups === undefined && value.requiredGroups.length > 0)
      report('requiredGroups', 'needs groups: say how groups of the user are found');
    const claims = new Set(OWN_CLAIMS);
    value.attributes.forEach(({ claim }, index) => {
      if (claims.has(claim)) report(['attributes', index, 'claim'], 'is a claim that this policy tells already');
      claims.add(claim);
    });
    value.claimsToHeaders.forEach(({ claim, encoding }, index) => {
      const path = ['claimsToHeaders', index, 'claim'];
      if (!claims.has(claim) || (claim === 'groups' && value.groups === undefined))
        report(path, 'there is no such claim: name it in attributes');
      else if (claim === 'groups' && value.groups?.nameAttribute === undefined && encoding === 'text')
        report(
          path,
          'groups are distinguished names with commas: write encoding: json, or search them with a nameAttribute',
        );
    });
  });

export type Options = z.output<typeof options>;

function urlProblem(url: string, isPlain: boolean): string | undefined {
  const server = ldapServer(url, isPlain);
  return typeof server === 'string' ? server : problemOfDocumentUrl(urlOf(server));
}
