/** By kind of policy, a `config` to begin with: valid, and what most want. Secrets are read from Secrets. */
export const POLICY_EXAMPLES: Readonly<Record<string, object>> = {
  'api-key': { places: [{ header: 'x-api-key' }] },
  authorization: {
    rules: [{ description: 'everybody reads', allow: "request.method in ['GET', 'HEAD']" }],
  },
  'client-id-enforcement': {},
  cors: {
    originGroups: [
      { origins: ['https://shop.example.com'], allowedMethods: ['GET', 'POST'], headers: ['content-type'] },
    ],
  },
  'external-oauth2-access-token-enforcement': {
    tokenUrl: 'https://issuer.example.com/oauth2/introspect',
    authorizationValue: '${secret:issuer/authorization}',
    scopes: 'read',
  },
  'header-injection': { inboundHeaders: [{ key: 'x-tenant', value: 'acme' }] },
  'header-removal': { inboundHeaders: ['x-debug'] },
  'http-basic-authentication': { username: 'ann', password: '${secret:users/ann}' },
  'ip-allowlist': { ips: ['192.0.2.0/24'] },
  'ip-blocklist': { ips: ['192.0.2.7'] },
  'json-threat-protection': { maxContainerDepth: 20, maxStringValueLength: 10_000, maxObjectEntryCount: 200 },
  'jwt-validation': {
    jwtKeyOrigin: 'jwks',
    jwksUrl: 'https://issuer.example.com/.well-known/jwks.json',
    algorithms: ['RS256'],
    issuer: 'https://issuer.example.com/',
  },
  'ldap-authentication': {
    ldapServerURL: 'ldaps://directory.example.com',
    ldapServerUserDn: 'cn=ostiary,ou=services,dc=example,dc=com',
    ldapServerUserPassword: '${secret:directory/password}',
    ldapSearchBase: 'ou=people,dc=example,dc=com',
    ldapSearchFilter: '(uid={0})',
  },
  'oauth2-token-introspection': {
    issuer: 'https://issuer.example.com/realms/shop',
    clientAuthentication: {
      method: 'client_secret_basic',
      clientId: 'ostiary',
      clientSecret: '${secret:issuer/client-secret}',
    },
    scopes: 'read',
  },
  'openidconnect-access-token-enforcement': {
    issuer: 'https://issuer.example.com/realms/shop',
    clientAuthentication: {
      method: 'client_secret_basic',
      clientId: 'ostiary',
      clientSecret: '${secret:issuer/client-secret}',
    },
    scopes: 'read',
  },
  'rate-limiting': { rateLimits: [{ maximumRequests: 100, timePeriodInMilliseconds: 1000 }] },
  'rate-limiting-sla': { exposeHeaders: true },
  'spike-control': { maximumRequests: 100, timePeriodInMilliseconds: 1000 },
  'workload-identity': {},
  'xml-threat-protection': { maxNodeDepth: 20, maxChildCount: 500, maxTextLength: 10_000 },
};
