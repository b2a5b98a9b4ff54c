import { z } from 'zod';
import { MAX_SECRETS } from '../contract/secret.ts';
import { alert, webhook } from './alert-schema.ts';
import { apiKeys } from './api-key-schema.ts';
import { specification, team } from './catalog-schema.ts';
import { configuration } from './configuration-schema.ts';
import { contract } from './contract-schema.ts';
import { publicUrl } from './public-url.ts';
import { guests } from './guest-schema.ts';
import { basePath, clientId, host, labels, moment, name, unique } from './fields.ts';
import { informational } from './informational-field.ts';
import { apiMetadata, clientMetadata, metadata, teamMetadata } from './metadata-schema.ts';
import { maxStale } from './max-stale.ts';
import { principals } from './principal-schema.ts';
import { routeFields } from './route-schema.ts';
import { secretSpec } from './secret-schema.ts';
import { subscription } from './subscription-schema.ts';
import { tier } from './tier-schema.ts';

/** Every document says it: a later version can change what fields mean. */
export const API_VERSION = 'ostiary.dev/v1alpha1';

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected the name of a header');

const conditions = {
  path: z.string().min(1).optional().describe('RE2 expression; the whole path after the base path must match'),
  methods: z.string().min(1).optional().describe('RE2 expression such as GET|POST; GET covers HEAD'),
  host: z.string().min(1).optional().describe('RE2 expression'),
  headers: z.record(headerName, z.string()).optional().describe('RE2 expression by header name; all must match'),
  absentHeaders: z.array(headerName).min(1).optional().describe('Headers that the request must not have'),
};

function hasConditions({ headers, ...value }: object & { readonly headers?: object | undefined }): boolean {
  const others = Object.values(value).filter((condition) => condition !== undefined);
  return headers === undefined ? others.length > 0 : Object.keys(headers).length > 0;
}

const rule = z
  .strictObject({
    ...conditions,
    not: z
      .array(z.strictObject(conditions).refine(hasConditions, 'without conditions it exempts every request'))
      .min(1)
      .optional()
      .describe('None of these may match'),
  })
  .refine(hasConditions, 'a rule without conditions matches every request: leave "rules" out instead');

const policyRef = z.strictObject({ name: z.string() });
const policyConfig = z.record(z.string(), z.unknown()).default({});

const alternative = z.strictObject({
  name: name.optional().describe('Below the name of the group; absent: its kind'),
  policyRef: policyRef.describe('A kind of policy that authenticates'),
  config: policyConfig.describe('Its options'),
});

const authentication = z.strictObject({
  anyOf: z
    .array(
      z.union([
        alternative,
        z.strictObject({ allOf: z.array(alternative).min(2).describe('All have to let it pass') }),
      ]),
    )
    .min(1)
    .describe('Alternatives: the first whose credential a request has decides, and no other'),
});

/** What an API's own policy and a binding have in common. */
const policyFields = {
  policyRef: policyRef.optional().describe('The kind of policy'),
  authentication: authentication.optional().describe('A group of policies, in place of policyRef and config'),
  order: z.int32().default(50).describe('Lower runs first, over all policies of an API'),
  rules: z.array(rule).min(1).optional().describe('It applies where one of them matches; absent: always'),
  trustedHeaders: z
    .array(headerName)
    .min(1)
    .optional()
    .describe('Headers that a trusted proxy sets and removes from what callers send: rules may depend on them'),
  when: z
    .string()
    .min(1)
    .optional()
    .describe('A condition in CEL beside the rules: it applies where both hold (docs/expressions.md)'),
  config: policyConfig.describe('Its options; $NAME reads the environment, ${secret:NAME/KEY} a Secret'),
  mode: z.enum(['enforce', 'shadow']).default('enforce').describe('shadow decides, counts, logs and changes nothing'),
  onFailure: z
    .enum(['deny', 'allow'])
    .default('deny')
    .describe('The answer where the policy itself fails; the counter store has onStoreFailure'),
};

/** A policy or a group of them. */
function isOneOfBoth(
  fields: { readonly policyRef?: unknown; readonly authentication?: unknown; readonly config: object },
  context: z.core.$RefinementCtx,
): void {
  const report = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  if (fields.authentication === undefined) {
    if (fields.policyRef === undefined) report('policyRef', 'is missing: expected a mapping');
    return;
  }
  if (fields.policyRef !== undefined) report('policyRef', 'contradicts authentication: move it among the alternatives');
  if (Object.keys(fields.config).length > 0) report('config', 'belongs to the alternatives of authentication');
}

const api = z.strictObject({
  hosts: z.array(host).min(1).optional().describe('Absent: any host'),
  publicUrl: publicUrl
    .optional()
    .describe('Where callers reach it; with it, clients find out how to get tokens (RFC 9728)'),
  basePath: basePath.default('/').describe('On whole segments; the longest wins'),
  public: z
    .union([
      z.literal(true),
      z
        .array(z.strictObject(conditions).refine(hasConditions, 'without conditions it is every request: write true'))
        .min(1),
    ])
    .optional()
    .describe('Requests that nobody has to authenticate: validate does not list them. No decision depends on it'),
  maxStale: maxStale
    .optional()
    .describe('Its requests are denied (503) once no control plane was heard for so long, such as 1h; absent: never'),
  encodedSlashes: z
    .enum(['refuse', 'keep'])
    .default('refuse')
    .describe('keep: %2F is a character of its segment, as GitLab and npm need it; refuse: a request with one is 400'),
  ...routeFields,
  tiers: z
    .array(tier)
    .superRefine((list, context) => {
      unique(list, 'name', 'another tier of this API has this name', context);
    })
    .default([])
    .describe('SLA tiers that contracts name'),
  policies: z
    .array(
      z
        .strictObject({
          name: name.optional().describe('Names its counters and metrics; absent: its kind does, the second with -2'),
          ...policyFields,
        })
        .superRefine(isOneOfBoth),
    )
    .default([])
    .describe("The API's own policies"),
  guests: informational(guests, 'What APIs of other teams may take of the hosts and paths that this API has'),
});

const targetRef = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('Api'), name: z.string() }),
  z.strictObject({
    kind: z.literal('Selector'),
    selector: z.strictObject({
      kind: z.literal('Api').default('Api'),
      labels: labels.default({}).describe('All must be equal; none: every API'),
    }),
  }),
]);

const expires = moment('From this time on the secret is refused; absent: never');

const secret = z.union([
  z.strictObject({
    salt: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/i, 'expected 64 hex digits: SHA-256(salt + secret)'),
    expires,
  }),
  z.strictObject({ value: z.string().min(1).describe('The secret, or $NAME; hashed at load'), expires }),
  z.strictObject({
    file: z.string().min(1).describe('Relative to the document; one newline at its end is cut'),
    expires,
  }),
]);

const clientApplication = z
  .strictObject({
    clientId,
    clientSecret: secret.optional().describe('Absent: the client has no secret'),
    clientSecrets: z.array(secret).min(1).max(MAX_SECRETS).optional().describe('Any one is valid: for a rotation'),
    apiKeys: apiKeys.optional().describe('Any one is valid until it expires; for the policy api-key'),
    issuers: z
      .array(z.string().min(1).max(2048))
      .min(1)
      .max(100)
      .optional()
      .describe('Whose tokens may name this client; needed where an API takes tokens of several issuers'),
    principals: principals
      .optional()
      .describe('SPIFFE ids of its workloads, "*" for a segment, "**" at the end; for the policy workload-identity'),
  })
  .refine((value) => !value.clientSecret || !value.clientSecrets, {
    path: ['clientSecrets'],
    message: 'contradicts clientSecret: move that secret into this list',
  });

const documentOf = <K extends string, Metadata extends z.ZodObject, Spec extends z.ZodType>(
  kind: K,
  ofKind: Metadata,
  spec: Spec,
) => z.strictObject({ apiVersion: z.literal(API_VERSION), kind: z.literal(kind), metadata: ofKind, spec });

const document = <K extends string, Spec extends z.ZodType>(kind: K, spec: Spec) => documentOf(kind, metadata, spec);

/** The kinds of documents. Strict: an unknown key is a fault. */
export const documentSchemas = {
  Api: documentOf('Api', apiMetadata, api),
  PolicyBinding: document('PolicyBinding', z.strictObject({ targetRef, ...policyFields }).superRefine(isOneOfBoth)),
  ClientApplication: documentOf('ClientApplication', clientMetadata, clientApplication),
  Contract: document('Contract', contract),
  Configuration: document('Configuration', configuration),
  Alert: document('Alert', alert),
  Webhook: document('Webhook', webhook),
  Subscription: document('Subscription', subscription),
  Team: documentOf('Team', teamMetadata, team),
  Specification: document('Specification', specification),
  Secret: document('Secret', secretSpec),
};

export type Kind = keyof typeof documentSchemas;
export type DocumentOf<K extends Kind> = z.output<(typeof documentSchemas)[K]>;
export type Document = { [K in Kind]: DocumentOf<K> }[Kind];
/** What an API's own policy and a binding have in common. */
export type PolicyFields = DocumentOf<'Api'>['spec']['policies'][number];
/** Those of a group of policies. */
export type GroupFields = z.output<typeof authentication>;
export type SecretSource = z.output<typeof secret>;
