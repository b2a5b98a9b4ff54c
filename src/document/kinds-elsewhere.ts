/** What gateways elsewhere call a kind of policy, and the kind here that does the same. */
const SAME_PURPOSE: Readonly<Record<string, string>> = {
  acl: 'authorization',
  apikey: 'api-key',
  basic: 'http-basic-authentication',
  'basic-auth': 'http-basic-authentication',
  'ip-blacklist': 'ip-blocklist',
  'ip-restriction': 'ip-allowlist',
  'ip-whitelist': 'ip-allowlist',
  jwt: 'jwt-validation',
  'jwt-auth': 'jwt-validation',
  'key-auth': 'api-key',
  'ldap-auth': 'ldap-authentication',
  mtls: 'workload-identity',
  'mtls-auth': 'workload-identity',
  oidc: 'jwt-validation',
  'openid-connect': 'jwt-validation',
  opa: 'authorization',
  quota: 'rate-limiting',
  'rate-limit': 'rate-limiting',
  ratelimit: 'rate-limiting',
  'rate-limiting-advanced': 'rate-limiting',
  rbac: 'authorization',
  'request-termination': 'authorization',
  'request-transformer': 'header-injection',
  'response-transformer': 'header-injection',
  'spike-arrest': 'spike-control',
  'verify-api-key': 'api-key',
};

/** Kinds of the reference whose work is a part of Envoy; their names may end in `-flex`. */
const PART_OF_ENVOY =
  /^(?:http-caching|message-logging|tracing|circuit-breaker|health-check|(?:response|route|stream-idle)-timeout|upstream-idle-timeout|traffic-management(?:-\w+)?|schema-validation|script-evaluation(?:-transformation)?|(?:body|header)-transformation|credential-injection(?:-[\w-]+)?|proxy-cache|request-size-limiting)(?:-flex)?$/;

/** What an author should write instead of a name that is not a kind here; undefined if the name is unknown. */
export function kindElsewhere(name: string): { readonly kind: string } | { readonly page: string } | undefined {
  const lower = name.toLowerCase().replaceAll('_', '-');
  if (Object.hasOwn(SAME_PURPOSE, lower)) return { kind: SAME_PURPOSE[lower] as string };
  return PART_OF_ENVOY.test(lower) ? { page: 'docs/policies/elsewhere.md' } : undefined;
}
