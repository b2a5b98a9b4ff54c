import { describe, expect, test } from 'vitest';
import { importing, inApi } from './run-import.ts';

/** What the documentation shows and ostiary does not do: where the word stands, and of what it is. */
const NOT_IMPORTED: readonly (readonly [name: string, policy: string, said: string])[] = [
  [
    'ldap-authentication-flex with a slip',
    `- policyRef: { name: ldap-authentication-flex }
  config:
    dapServerURL: "ldap://localhost:1389"
    ldapServerUserDn: "cn=reader"
    ldapServerUserPassword: "$LDAP_PASSWORD"
    ldapSearchBase: "dc=example"`,
    'flex.yaml:13:9: spec.policies[0].config.dapServerURL: unknown field; did you mean "ldapServerURL"?',
  ],
  [
    'ip-allowlist-flex with an octet that YAML reads as a number',
    `- policyRef: { name: ip-allowlist-flex }
  config: { ips: [172.20] }`,
    'flex.yaml:12:23: spec.policies[0].config.ips[0]: expected text, got a number: put it in quotes',
  ],
  [
    'header-removal-flex of answers by a pattern',
    `- policyRef: { name: header-removal-flex }
  config: { outboundHeaders: ["X-Internal.*"] }`,
    'flex.yaml:12:35: spec.policies[0].config.outboundHeaders[0]: ',
  ],
  [
    'jwt-validation-flex without signatures',
    `- policyRef: { name: jwt-validation-flex }
  config: { signingMethod: none }`,
    'flex.yaml:12:32: spec.policies[0].config.signingMethod: none takes unsigned tokens',
  ],
  [
    'jwt-validation-flex with a comparison of claims',
    `- policyRef: { name: jwt-validation-flex }
  config:
    textKey: a-secret-of-thirty-two-characters
    signingMethod: hmac
    validateCustomClaim: true
    mandatoryCustomClaims: [{ key: level, value: "#[vars.claimSet.level > 3]" }]`,
    'flex.yaml:16:54: spec.policies[0].config.mandatoryCustomClaims[0].value: a claim is compared with a literal here: for "#[vars.claimSet.level > 3]" write a policy authorization',
  ],
  [
    'openidconnect-access-token-enforcement-flex, which has its server from the control plane',
    `- policyRef: { name: openidconnect-access-token-enforcement-flex }
  config:
    authenticationTimeout: 3000
    scopes: read send
    skipClientIdValidation: false`,
    'flex.yaml:12:7: spec.policies[0].config.introspectionURL: is missing: Flex/Omni Gateway has it from its control plane',
  ],
  [
    'xml-threat-protection-flex',
    '- policyRef: { name: xml-threat-protection-flex }',
    'policyRef.name: xml-threat-protection-flex has no counterpart: ostiary reads no XML',
  ],
  [
    'spec-validation-flex',
    `- policyRef: { name: spec-validation-flex }
  config: { source: inline, spec: "{}", apiBasePath: /, blockOperation: true, strictParamsValidation: false }`,
    'policyRef.name: spec-validation-flex',
  ],
  [
    'native-ext-authz-flex',
    `- policyRef: { name: native-ext-authz-flex }
  config: { uri: "h2://decider:9001", serverType: grpc, includePeerCertificate: true, allowedHeaders: [x-token] }`,
    "policyRef.name: native-ext-authz-flex is Envoy's filter ext_authz itself",
  ],
  [
    'native-ext-proc-flex',
    `- policyRef: { name: native-ext-proc-flex }
  config: { uri: "h2://processor:9002", requestBodyMode: streamed, responseHeaderMode: skip }`,
    "policyRef.name: native-ext-proc-flex is Envoy's filter ext_proc",
  ],
  [
    'tls',
    '- policyRef: { name: tls }\n  config: { requireClientCertificate: true }',
    "policyRef.name: tls is the transport of Envoy's listener",
  ],
  ...['basic-auth', 'oauth2', 'api-key'].map(
    (kind) =>
      [
        `credential-injection-${kind}-flex`,
        `- policyRef: { name: credential-injection-${kind}-flex }\n  config: { overwrite: true }`,
        `policyRef.name: credential-injection-${kind}-flex `,
      ] as const,
  ),
  [
    'a custom policy',
    '- policyRef: { name: stamp-letters-v1-0-impl }\n  config: { ink: red }',
    'flex.yaml:11:26: spec.policies[0].policyRef.name: "stamp-letters-v1-0-impl" is not a policy that comes with Flex/Omni Gateway: a custom one',
  ],
  ['a misspelt policy', '- policyRef: { name: rate-limitting-flex }', 'did you mean "rate-limiting-flex"?'],
];

describe('is refused by its place and field:', () => {
  test.each(NOT_IMPORTED)('%s', async (_, policy, said) => {
    const { code, stdout, stderr } = await importing(inApi(policy));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/ostiary: \d+ faults?; nothing is written\n$/);
  });
});

const LEFT: readonly (readonly [name: string, config: string])[] = [
  [
    'message-logging-flex',
    '{ loggingConfiguration: [{ itemName: a, itemData: { message: "#[payload]", level: WARN } }] }',
  ],
  [
    'http-caching-flex',
    '{ httpCachingKey: "#[attributes.requestPath]", maxCacheEntries: 10, ttl: 9, distributed: false }',
  ],
  ['tracing-flex', '{ sampling: { client: 1, random: 2, overall: 3 }, labels: [] }'],
  ['health-check-flex', '{}'],
  ['circuit-breaker-flex', '{ thresholds: { maxConnections: 3 } }'],
  ['response-timeout-flex', '{ timeout: 4 }'],
  ['stream-idle-timeout-flex', '{ timeout: 4 }'],
  ['idle-timeout-flex', '{ timeout: 4 }'],
  ['tls-outbound', '{ skipValidation: false }'],
  ['route', '{ destinationRef: { name: parcels } }'],
  ['route-weighted', '{ routes: [{ weight: 100, destinationRef: { name: parcels } }] }'],
];

describe('is left to Envoy, which is told:', () => {
  test.each(LEFT)('%s', async (name, config) => {
    const policies = `- policyRef: { name: ${name} }
  config: ${config}
- policyRef: { name: rate-limiting-flex }
  config: { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] }`;
    const { code, stderr, documents, validated } = await importing(inApi(policies));
    expect(code).toBe(0);
    expect(stderr).toContain(`note: flex.yaml:11:20: spec.policies[0].policyRef.name: ${name} is not imported: use `);
    expect(documents[0]?.spec.policies?.map(({ policyRef }) => policyRef.name)).toEqual(['rate-limiting']);
    expect(validated?.code).toBe(0);
  });

  test('and a fault of a policy behind it stands at its own place', async () => {
    const policies = `- policyRef: { name: tracing-flex }
- policyRef: { name: rate-limiting-flex }
  config: { rateLimits: [{ maximumRequests: -1, timePeriodInMilliseconds: 1000 }] }`;
    const { stderr } = await importing(inApi(policies));
    expect(stderr).toContain(
      'flex.yaml:13:49: spec.policies[1].config.rateLimits[0].maximumRequests: expected at least 0',
    );
  });
});
