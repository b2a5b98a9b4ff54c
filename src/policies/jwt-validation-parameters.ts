import { z } from 'zod';
import type { Algorithm } from '../jwt/algorithms.ts';
import { CLAIM_ENCODINGS } from '../jwt/claim-encoding.ts';
import { clientHeaderNames } from '../policy/client-headers.ts';
import type { ClientHeaderNames } from '../policy/client-headers.ts';
import { credentialPlace } from '../policy/credential-places.ts';
import { expressionOption } from '../policy/expression.ts';
import { principalOption } from '../policy/principal-option.ts';
import { upstreamHeader } from '../policy/upstream-header.ts';
import { algorithmList, claimPath, listByComma, oneOf, refuseNone, text, textOrList } from './jwt-validation-fields.ts';
import { issuerEntry } from './jwt-validation-issuers.ts';

const literal = z.union([z.string(), z.number(), z.boolean()]);
const customClaims = z
  .array(
    z
      .strictObject({
        key: text.optional().describe('The whole name of the claim'),
        path: claimPath.optional().describe('In place of key: names with dots between them; \\. is a dot of a name'),
        value: z.union([literal, z.array(literal).min(1)]),
      })
      .refine(
        (claim) => oneOf('key', claim),
        'needs key, the whole name of a claim, or path, names with dots between them',
      ),
  )
  .default([]);

export const claimToHeader = z
  .strictObject({
    claim: text.optional().describe('The whole name of the claim'),
    path: claimPath.optional().describe('In place of claim: names with dots between them; \\. is a dot of a name'),
    header: upstreamHeader,
    encoding: z
      .enum(CLAIM_ENCODINGS)
      .default('text')
      .describe('How it is written: percent, base64url and json carry any text'),
  })
  .refine(
    (entry) => oneOf('claim', entry),
    'needs claim, the whole name of a claim, or path, names with dots between them',
  );

export const DEFAULT_JWT_EXPRESSION = "#[attributes.headers['jwt']]";

/** The parameters of `jwt-validation`, each by itself. */
export const parameters = z.strictObject({
  jwtOrigin: z
    .enum(['httpBearerAuthenticationHeader', 'customExpression'])
    .default('httpBearerAuthenticationHeader')
    .describe('Where the token is'),
  jwtExpression: expressionOption
    .optional()
    .meta({ default: DEFAULT_JWT_EXPRESSION })
    .describe('With jwtOrigin: customExpression'),
  places: z
    .array(credentialPlace)
    .min(1)
    .max(8)
    .optional()
    .describe('In place of jwtOrigin: headers, cookies and query parameters; of two different tokens neither counts'),
  signingMethod: z.enum(['rsa', 'hmac', 'es'], refuseNone).optional().meta({ default: 'rsa' }),
  signingKeyLength: z.literal([256, 384, 512]).optional().meta({ default: 256 }),
  algorithms: algorithmList.optional().describe('The allow-list itself; excludes signingMethod and signingKeyLength'),
  jwtKeyOrigin: z.enum(['text', 'jwks']).default('text').describe('Where the key is: in textKey, or at jwksUrl'),
  textKey: z.string().optional().describe('PEM public key or certificate, JWK, JWK set, or the secret of an HMAC'),
  jwksUrl: listByComma.optional().describe('One URL of a JWK set, or several by comma or as a list'),
  allowInsecureJwks: z.boolean().default(false).describe('Allows http: to hosts other than loopback'),
  jwksServiceTimeToLive: z.int().min(1).max(10_080).default(60).describe('Minutes that a key set is fresh'),
  jwksServiceConnectionTimeout: z
    .int()
    .min(1)
    .max(60_000)
    .default(10_000)
    .describe('Milliseconds that a fetch of a key set may take'),
  issuer: textOrList.optional().describe('The token must be of one of these issuers, which share their keys'),
  issuers: z
    .array(issuerEntry)
    .min(1)
    .max(100)
    .optional()
    .describe('Issuers with keys, algorithms and audience of their own; excludes the options of a single one'),
  validateAudClaim: z.boolean().default(false),
  mandatoryAudClaim: z.boolean().default(false).describe('Refuses tokens without aud; needs validateAudClaim'),
  supportedAudiences: listByComma.default('').describe('By comma or as a list; needs validateAudClaim'),
  mandatoryExpClaim: z.boolean().default(true).describe('Refuses tokens without exp'),
  mandatoryNbfClaim: z.boolean().default(false).describe('Refuses tokens without nbf'),
  clockToleranceSeconds: z.number().min(0).max(3600).default(0).describe('Leeway for exp and nbf'),
  validateCustomClaim: z.boolean().default(false),
  mandatoryCustomClaims: customClaims.describe('Claims that must be there and have the value'),
  nonMandatoryCustomClaims: customClaims.describe('Claims that must have the value where they are there'),
  senderConstraint: z
    .enum(['refuse', 'ignore', 'certificate', 'requireCertificate'])
    .default('refuse')
    .describe(
      'Tokens bound to a key of their sender (cnf): certificate compares x5t#S256; refuse and ignore take types such as dpop+jwt in too',
    ),
  senderCertificate: z
    .enum(['peer', 'forwardedClientCert'])
    .optional()
    .meta({ default: 'peer' })
    .describe("Whose certificate is compared: the peer's, or the one of which x-forwarded-client-cert tells"),
  forwarders: z
    .array(principalOption)
    .min(1)
    .max(100)
    .optional()
    .describe('With forwardedClientCert: SPIFFE ids or patterns of the proxies that --trusted-hops counts'),
  actorsToMetadata: z
    .boolean()
    .default(false)
    .describe('Who acts for the subject (act, RFC 8693) goes to the dynamic metadata token_actor and token_actors'),
  requiredScopes: z
    .array(
      z.string().regex(/^[\u0021\u0023-\u005B\u005D-\u007E]+$/, 'a scope is printable ASCII without space, " and \\'),
    )
    .default([])
    .describe('Scopes that the token must all have, in scope or scp'),
  skipClientIdValidation: z
    .boolean()
    .default(false)
    .describe('false: the client of the token needs an approved contract for the API'),
  clientIdExpression: z
    .union([expressionOption, z.array(expressionOption).min(1)])
    .default('#[vars.claimSet.client_id]')
    .describe('The claim that names the client; of a list the first that the token has'),
  upstreamHeaders: clientHeaderNames.optional().describe('Headers that tell the upstream who calls'),
  claimsToHeaders: z.array(claimToHeader).prefault([]).describe('Claims that the upstream is told in headers'),
  forwardToken: z.boolean().default(true).describe('false removes the token before the upstream sees it'),
  missingTokenStatus: z.literal([400, 401]).default(401),
});

export type JwtValidationOptions = z.infer<typeof parameters>;

/** The headers that tell the upstream about the client; undefined if the policy establishes no client. */
export function clientHeaderNamesOf(config: JwtValidationOptions): ClientHeaderNames | undefined {
  return config.skipClientIdValidation ? undefined : (config.upstreamHeaders ?? clientHeaderNames.parse({}));
}

export function allowedAlgorithms(config: JwtValidationOptions): readonly Algorithm[] {
  if (config.algorithms !== undefined) return config.algorithms;
  const family = { rsa: 'RS', hmac: 'HS', es: 'ES' } as const;
  return [`${family[config.signingMethod ?? 'rsa']}${config.signingKeyLength ?? 256}`];
}
