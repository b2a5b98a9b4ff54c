import { importExpression } from './flex-expressions.ts';
import { mapIntrospection } from './flex-introspection.ts';
import { mapJwtValidation } from './flex-jwt.ts';
import type { KindOptions } from './kind-options.ts';
import type { Fields, Remarks } from './remarks.ts';

const asWritten = (config: Fields): Fields => config;

export const CONTRACTS =
  'clients, contracts and tiers are not documents of Flex/Omni Gateway: write ClientApplication and Contract (docs/tasks/onboard-a-client.md)';

/** By the name in Flex/Omni Gateway, without `-flex`. */
export const flexOptions: ReadonlyMap<string, KindOptions> = new Map<string, KindOptions>([
  [
    'rate-limiting',
    {
      kind: 'rate-limiting',
      known: ['rateLimits', 'keySelector', 'exposeHeaders', 'clusterizable'],
      map: (config, remarks) => withExpressions(config, ['keySelector'], remarks),
    },
  ],
  [
    'spike-control',
    {
      kind: 'spike-control',
      known: [
        'maximumRequests',
        'timePeriodInMilliseconds',
        'delayTimeInMillis',
        'delayAttempts',
        'queuingLimit',
        'exposeHeaders',
      ],
      map: mapSpikeControl,
    },
  ],
  ['http-basic-authentication', { kind: 'http-basic-authentication', known: ['username', 'password'], map: asWritten }],
  [
    'ldap-authentication',
    {
      kind: 'ldap-authentication',
      known: [
        'ldapServerURL',
        'ldapServerUserDn',
        'ldapServerUserPassword',
        'ldapSearchBase',
        'ldapSearchFilter',
        'ldapSearchInSubtree',
      ],
      map: mapLdap,
    },
  ],
  ['cors', { kind: 'cors', known: ['originGroups', 'publicResource', 'supportCredentials'], map: mapCors }],
  ['ip-allowlist', { kind: 'ip-allowlist', known: ['ips', 'ipExpression'], map: mapAddresses }],
  ['ip-blocklist', { kind: 'ip-blocklist', known: ['ips', 'ipExpression'], map: mapAddresses }],
  [
    'header-injection',
    { kind: 'header-injection', known: ['inboundHeaders', 'outboundHeaders'], map: mapHeaderInjection },
  ],
  ['header-removal', { kind: 'header-removal', known: ['inboundHeaders', 'outboundHeaders'], map: asWritten }],
  [
    'json-threat-protection',
    {
      kind: 'json-threat-protection',
      known: [
        'maxContainerDepth',
        'maxStringValueLength',
        'maxObjectEntryNameLength',
        'maxObjectEntryCount',
        'maxArrayElementCount',
      ],
      map: asWritten,
    },
  ],
  ['jwt-validation', mapJwtValidation],
  ['oauth2-token-introspection', mapIntrospection('oauth2-token-introspection')],
  ['openidconnect-access-token-enforcement', mapIntrospection('openidconnect-access-token-enforcement')],
  ['external-oauth2-access-token-enforcement', mapIntrospection('external-oauth2-access-token-enforcement')],
  [
    'client-id-enforcement',
    {
      kind: 'client-id-enforcement',
      known: ['credentialsOriginHasHttpBasicAuthenticationHeader', 'clientIdExpression', 'clientSecretExpression'],
      map(config, remarks) {
        remarks.note(CONTRACTS);
        return withExpressions(config, ['clientIdExpression', 'clientSecretExpression'], remarks);
      },
    },
  ],
  ...['rate-limiting-sla', 'rate-limiting-sla-based'].map((name): [string, KindOptions] => [
    name,
    {
      kind: 'rate-limiting-sla',
      known: ['clientIdExpression', 'clientSecretExpression', 'exposeHeaders', 'clusterizable'],
      map(config, remarks) {
        remarks.note(CONTRACTS);
        return withExpressions(config, ['clientIdExpression', 'clientSecretExpression'], remarks);
      },
    },
  ]),
]);

function withExpressions(config: Fields, names: readonly string[], remarks: Remarks): Fields {
  const mapped = names
    .filter((name) => name in config)
    .map((name) => [name, importExpression(config[name], remarks.at(name))]);
  return { ...config, ...Object.fromEntries(mapped) };
}

/** Flex writes a delay even if no request may wait. Ours refuses an option without effect, so it is left out. */
function mapSpikeControl(config: Fields): Fields {
  const { queuingLimit = 0, delayTimeInMillis, delayAttempts, ...others } = config;
  if (queuingLimit === 0 || queuingLimit === null) return others;
  return { ...others, queuingLimit, delayTimeInMillis: delayTimeInMillis ?? 1000, delayAttempts: delayAttempts ?? 1 };
}

function mapLdap(config: Fields, remarks: Remarks): Fields {
  const url = config['ldapServerURL'] ?? 'ldap://127.0.0.1:389';
  if (typeof url === 'string' && /^ldap:/i.test(url)) {
    remarks
      .at('ldapServerURL')
      .note(
        'ldap:// begins with StartTLS here; for a server without TLS add allowInsecureLdap: true to what is written',
      );
  }
  return { ...config, ldapServerURL: url };
}

function mapCors(config: Fields, remarks: Remarks): Fields {
  const { originGroups, publicResource, ...others } = config;
  const hasGroups = Array.isArray(originGroups) && originGroups.length > 0;
  if (hasGroups && publicResource === true) {
    remarks
      .at('publicResource')
      .note('true makes originGroups meaningless, in Flex/Omni Gateway too: they are left out');
    return { ...others, publicResource };
  }
  if (hasGroups && (publicResource === undefined || publicResource === null)) {
    remarks
      .at('originGroups')
      .note('without publicResource: false Flex/Omni Gateway lets any origin in; here the groups decide');
  }
  return { ...config, ...(hasGroups ? {} : { originGroups: undefined }) };
}

const FORWARDED_FOR = /^\s*#\[\s*attributes\.headers(?:\.x-forwarded-for|\[\s*['"]x-forwarded-for['"]\s*\])\s*\]\s*$/i;

/** The whole of `x-forwarded-for` is written by callers, so the address of the client replaces it. */
function mapAddresses(config: Fields, remarks: Remarks): Fields {
  const { ipExpression, ...others } = config;
  const isDefault = ipExpression === undefined || ipExpression === null;
  if (!isDefault && !(typeof ipExpression === 'string' && FORWARDED_FOR.test(ipExpression))) {
    return withExpressions(config, ['ipExpression'], remarks);
  }
  const where = isDefault ? remarks : remarks.at('ipExpression');
  where.note(
    'callers write x-forwarded-for themselves: the address is that of the connection here, or as --trusted-hops says',
  );
  return others;
}

function mapHeaderInjection(config: Fields, remarks: Remarks): Fields {
  const mapped = Object.entries(config).map(([side, headers]) => {
    if (!Array.isArray(headers)) return [side, headers];
    const values = headers.map((header: unknown, index) => {
      const entry = remarks.at(side, index);
      if (typeof header !== 'object' || header === null || !('value' in header)) return header;
      return { ...header, value: importExpression(header.value, entry.at('value')) };
    });
    return [side, values];
  });
  return Object.fromEntries(mapped) as Fields;
}
