import { z } from 'zod';
import type { ClaimHeader } from '../jwt/claim-headers.ts';
import { clientHeaderNames } from '../policy/client-headers.ts';
import { expressionOption } from '../policy/expression.ts';
import { wantedHeaders } from './jwt-validation-admission.ts';
import { claimToHeader } from './jwt-validation-parameters.ts';
import { algorithmList, text, textOrList } from './jwt-validation-fields.ts';

/** The properties that RFC 7662, 2.2 names, and names that some servers use for the user. */
export const STANDARD_PROPERTIES = [
  'client_id',
  'username',
  'userid',
  'sub',
  'scope',
  'iss',
  'aud',
  'exp',
  'iat',
  'nbf',
  'jti',
  'token_type',
];

const secret = {
  clientSecret: text.optional().describe('The secret; better $NAME, or a file'),
  clientSecretFile: text.optional().describe('A file that holds it, and is followed'),
};

const clientAuthentication = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('client_secret_basic'), clientId: text, ...secret }),
  z.strictObject({ method: z.literal('client_secret_post'), clientId: text, ...secret }),
  z.strictObject({
    method: z.literal('private_key_jwt'),
    clientId: text,
    privateKeyFile: text.describe('PEM, without a passphrase; it is followed'),
    algorithm: z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']),
    keyId: text.optional().describe('kid of the assertion'),
    audience: text.optional().describe('aud of the assertion. Default: issuer, else the URL that is called'),
  }),
  z.strictObject({ method: z.literal('tls_client_auth'), clientId: text }),
  z.strictObject({ method: z.literal('none') }),
]);

/** The parameters of `oauth2-token-introspection`, each by itself. */
export const introspectionParameters = z.strictObject({
  introspectionURL: text.optional().describe('Where tokens are introspected (RFC 7662)'),
  issuer: text
    .optional()
    .describe('iss that a token must not contradict. Without introspectionURL its metadata say where to ask'),
  metadataUrl: text
    .optional()
    .describe('Where the metadata of issuer are. Default: /.well-known/openid-configuration below it'),
  allowInsecureIntrospection: z.boolean().default(false).describe('Allows http: to hosts other than loopback'),
  authorizationValue: text.optional().describe('authorization of our own calls, such as "Basic …" or "Bearer …"'),
  clientAuthentication: clientAuthentication.optional().describe('How we authenticate there instead'),
  tls: z
    .strictObject({
      authoritiesFile: text.optional().describe("PEM authorities in place of the system's"),
      certificateFile: text.optional().describe('PEM certificate that we present'),
      keyFile: text.optional().describe('PEM key of certificateFile, without a passphrase'),
    })
    .optional()
    .describe('Files for calls over TLS; they are followed'),
  signedResponse: z.boolean().default(false).describe('Answers must be signed (RFC 9701); needs issuer'),
  signedResponseAlgorithms: algorithmList.optional().describe('Default: RS256, PS256, ES256, EdDSA'),
  jwksUrl: text.optional().describe("Keys of signed answers. Default: the key set of the issuer's metadata"),
  authenticationTimeout: z.int().min(1).max(60_000).default(10_000).describe('Milliseconds that a call may take'),
  validatedTokenTTL: z
    .int()
    .min(0)
    .max(86_400)
    .default(60)
    .describe('Seconds that an active token is not asked for again; until its exp at most. 0: each request asks'),
  rejectedTokenTTL: z.int().min(1).max(60).default(5).describe('Seconds that a refused token is not asked for again'),
  maxCacheEntries: z.int().min(1).max(1_000_000).default(10_000).describe('Tokens that are remembered at most'),
  audience: textOrList.optional().describe('aud must hold one of these'),
  anyAudience: z.boolean().default(false).describe('true: tokens for other services pass too'),
  scopes: z
    .union([z.string(), z.array(text)])
    .default('')
    .describe('Scopes, by space or comma or as a list'),
  scopeValidationCriteria: z.enum(['AND', 'OR']).default('AND').describe('The token needs all of them, or one'),
  senderConstraint: z
    .enum(['refuse', 'ignore'])
    .default('refuse')
    .describe('Tokens bound to a key of their sender (cnf, DPoP), and refresh and id tokens'),
  skipClientIdValidation: z
    .boolean()
    .default(false)
    .describe('false: the client of the token needs an approved contract for the API'),
  consumerBy: z.enum(['client_id', 'username']).optional().describe('The property that names the client'),
  clientIdExpression: z
    .union([expressionOption, z.array(expressionOption).min(1)])
    .optional()
    .meta({ default: '#[vars.claimSet.client_id]' })
    .describe('The property that names the client; of a list the first that the answer has; instead of consumerBy'),
  upstreamHeaders: clientHeaderNames.optional().describe('Headers that tell the upstream who calls'),
  exposeHeaders: z.boolean().default(false).describe('Tells the upstream exposedProperties as x-agw-…'),
  exposedProperties: z
    .array(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'expected letters, digits, "_", "." and "-", at most 64'))
    .min(1)
    .max(64)
    .optional()
    .meta({ default: STANDARD_PROPERTIES })
    .describe('Needs exposeHeaders'),
  claimsToHeaders: z.array(claimToHeader).prefault([]).describe('Properties that the upstream is told in headers'),
  forwardToken: z.boolean().default(true).describe('false removes the token before the upstream sees it'),
  missingTokenStatus: z.literal([400, 401]).default(401),
});

/** Kinds with another name for this policy have other names for some parameters. */
export type IntrospectionOptions = z.infer<typeof introspectionParameters> & {
  readonly tokenUrl?: string | undefined;
  readonly maxCacheSize?: number | undefined;
};

/** The headers that tell the upstream about the token; those of `claimsToHeaders` come first. */
export function exposedHeaders(config: IntrospectionOptions): readonly ClaimHeader[] {
  const wanted = wantedHeaders(config);
  if (!config.exposeHeaders) return wanted;
  const properties = config.exposedProperties ?? STANDARD_PROPERTIES;
  const exposed = properties.map((property): ClaimHeader => {
    const header = `x-agw-${property.toLowerCase()}`;
    return { path: [property], label: JSON.stringify(property), isPath: false, header, encoding: 'text' };
  });
  return [...wanted, ...exposed];
}

export function scopesOfOptions({ scopes }: IntrospectionOptions): readonly string[] {
  const given = typeof scopes === 'string' ? scopes.split(/[\s,]+/) : scopes;
  return given.filter((scope) => scope !== '');
}

/** The introspection endpoint, if the options name it. */
export function endpointOfOptions(config: IntrospectionOptions): string | undefined {
  return config.tokenUrl ?? config.introspectionURL;
}

export function clientExpressionsOf(
  config: IntrospectionOptions,
): NonNullable<IntrospectionOptions['clientIdExpression']> {
  return config.clientIdExpression ?? `#[vars.claimSet.${config.consumerBy ?? 'client_id'}]`;
}
