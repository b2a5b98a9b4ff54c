import { describe, expect, test } from 'vitest';
import { importing, inApi } from './run-import.ts';

/** The policies of the documentation that read tokens or the credentials of clients. */
const IMPORTED: readonly (readonly [name: string, policy: string, config: object | undefined])[] = [
  [
    'jwt-validation-flex with every parameter, as its console writes them',
    `- policyRef: { name: jwt-validation-flex }
  config:
    jwtOrigin: httpBearerAuthenticationHeader
    jwtExpression: "#[attributes.headers['jwt']]"
    signingMethod: es
    signingKeyLength: 384
    jwtKeyOrigin: jwks
    textKey: your-key
    jwksUrl: https://login.example/keys, https://other.example/keys
    jwksServiceTimeToLive: 30
    jwksServiceConnectionTimeout: 2000
    skipClientIdValidation: true
    clientIdExpression: "#[vars.claimSet.client_id]"
    validateAudClaim: true
    mandatoryAudClaim: true
    supportedAudiences: parcels,depots
    mandatoryExpClaim: true
    mandatoryNbfClaim: false
    validateCustomClaim: true
    mandatoryCustomClaims:
      - { key: team, value: "#[vars.claimSet.team == 'vans']" }
      - { key: level, value: 3 }
    nonMandatoryCustomClaims: []`,
    {
      jwtOrigin: 'httpBearerAuthenticationHeader',
      signingMethod: 'es',
      signingKeyLength: 384,
      jwtKeyOrigin: 'jwks',
      jwksUrl: 'https://login.example/keys, https://other.example/keys',
      jwksServiceTimeToLive: 30,
      jwksServiceConnectionTimeout: 2000,
      skipClientIdValidation: true,
      validateAudClaim: true,
      mandatoryAudClaim: true,
      supportedAudiences: 'parcels,depots',
      mandatoryExpClaim: true,
      mandatoryNbfClaim: false,
      validateCustomClaim: true,
      mandatoryCustomClaims: [
        { key: 'team', value: 'vans' },
        { key: 'level', value: 3 },
      ],
    },
  ],
  [
    'jwt-validation-flex with a token in a header and a shared secret',
    `- policyRef: { name: jwt-validation-flex }
  config:
    jwtOrigin: customExpression
    jwtExpression: "#[attributes.headers['x-token']]"
    signingMethod: hmac
    textKey: a-secret-of-thirty-two-characters
    jwksUrl: http://your-jwks-service.example:80/base/path
    mandatoryExpClaim: false
    supportedAudiences: ""
    validateCustomClaim: false`,
    {
      jwtOrigin: 'customExpression',
      jwtExpression: "#[attributes.headers['x-token']]",
      signingMethod: 'hmac',
      textKey: 'a-secret-of-thirty-two-characters',
      mandatoryExpClaim: false,
      skipClientIdValidation: true,
    },
  ],
  [
    'oauth2-token-introspection-flex',
    `- policyRef: { name: oauth2-token-introspection-flex }
  config:
    introspectionURL: https://login.example/introspect
    authorizationValue: Basic cGFyY2VsczpzZWNyZXQ=
    validatedTokenTTL: 300
    authenticationTimeout: 4000
    skipClientIdValidation: true
    consumerBy: client_id
    exposeHeaders: true
    scopes: "read send"
    scopeValidationCriteria: OR
    maxCacheEntries: 500`,
    {
      introspectionURL: 'https://login.example/introspect',
      authorizationValue: 'Basic cGFyY2VsczpzZWNyZXQ=',
      validatedTokenTTL: 300,
      authenticationTimeout: 4000,
      skipClientIdValidation: true,
      exposeHeaders: true,
      scopes: 'read send',
      scopeValidationCriteria: 'OR',
      maxCacheEntries: 500,
      anyAudience: true,
    },
  ],
  [
    'oauth2-token-introspection-flex as its first releases wrote it',
    `- policyRef: { name: oauth2-token-introspection-flex }
  config:
    introspection_url: https://login.example/introspect
    authorization_value: $INTROSPECTION
    validated_token_ttl: 60
    authentication_timeout: 900
    skip_client_id_validation: false
    consumer_by: username
    expose_headers: false
    scopes: read
    scope_validation_criteria: AND
    max_cache_entries: 20`,
    {
      introspectionURL: 'https://login.example/introspect',
      authorizationValue: '$INTROSPECTION',
      validatedTokenTTL: 60,
      authenticationTimeout: 900,
      skipClientIdValidation: false,
      consumerBy: 'username',
      exposeHeaders: false,
      scopes: 'read',
      scopeValidationCriteria: 'AND',
      maxCacheEntries: 20,
      anyAudience: true,
    },
  ],
  [
    'openidconnect-access-token-enforcement-flex with its server',
    `- policyRef: { name: openidconnect-access-token-enforcement-flex }
  config:
    introspectionURL: https://login.example/introspect
    authorizationValue: $INTROSPECTION
    authenticationTimeout: 3000
    scopes: read send
    secureTrustStore: false
    scopeValidationCriteria: OR
    exposeHeaders: true
    skipClientIdValidation: false
    maxFederationExpirationTime: 120
    maxCacheSize: 700`,
    {
      introspectionURL: 'https://login.example/introspect',
      authorizationValue: '$INTROSPECTION',
      authenticationTimeout: 3000,
      scopes: 'read send',
      scopeValidationCriteria: 'OR',
      exposeHeaders: true,
      skipClientIdValidation: false,
      maxCacheSize: 700,
      validatedTokenTTL: 120,
      anyAudience: true,
    },
  ],
  [
    'client-id-enforcement-flex, which Flex has with its control plane alone',
    `- policyRef: { name: client-id-enforcement-flex }
  config:
    credentialsOriginHasHttpBasicAuthenticationHeader: customExpression
    clientIdExpression: "#[attributes.headers['client_id']]"
    clientSecretExpression: "#[attributes.headers['client_secret']]"`,
    {
      credentialsOriginHasHttpBasicAuthenticationHeader: 'customExpression',
      clientIdExpression: "#[attributes.headers['client_id']]",
      clientSecretExpression: "#[attributes.headers['client_secret']]",
    },
  ],
];

describe('is imported, and valid:', () => {
  test.each(IMPORTED)('%s', async (_, policy, config) => {
    const { code, stderr, validated, documents } = await importing(inApi(policy));
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const [api] = documents;
    expect(api?.spec.policies?.[0]?.config).toEqual(config);
    expect(validated).toMatchObject({ code: 0, stderr: '' });
  });
});
