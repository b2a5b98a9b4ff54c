import { z } from 'zod';
import { UserError } from '../../errors.ts';

/** What a saved organization begins with. */
export const FORMAT = 'ostiary anypoint 1';

// As the API Manager, Exchange and Access Management APIs answer. They tell more, and may tell more tomorrow.

const id = z.union([z.int(), z.string().min(1).max(64)]).transform(String);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

const limit = z.looseObject({ maximumRequests: z.number(), timePeriodInMilliseconds: z.number() });

const tier = z.looseObject({
  id,
  name: z.string(),
  limits: z.array(limit).nullish(),
  status: text,
  autoApprove: z.boolean().nullish(),
});

const policy = z.looseObject({
  id: id.optional(),
  policyId: id.optional(),
  assetId: text,
  template: z.looseObject({ assetId: text }).nullish(),
  configurationData: z.record(z.string(), z.unknown()).nullish(),
  configuration: z.record(z.string(), z.unknown()).nullish(),
  pointcutData: z.array(z.looseObject({ methodRegex: text, uriTemplateRegex: text })).nullish(),
  order: z.number().nullish(),
  disabled: z.boolean().nullish(),
});

const contract = z.looseObject({
  id,
  status: z.string(),
  applicationId: id,
  application: z.looseObject({ id, name: z.string(), coreServicesId: text }).nullish(),
  tierId: id.nullish(),
  requestedTierId: id.nullish(),
});

const api = z.looseObject({
  id,
  assetId: text,
  /** Of the asset. */
  name: text,
  instanceLabel: text,
  productVersion: text,
  description: text,
  tags: z.array(z.string()).nullish(),
  deprecated: z.boolean().nullish(),
  endpointUri: text,
  endpoint: z.looseObject({ proxyUri: text, uri: text }).nullish(),
  tiers: z.array(tier).default([]),
  contracts: z.array(contract).default([]),
  policies: z.array(policy).default([]),
});

const environment = z.looseObject({ id: z.string(), name: z.string(), apis: z.array(api) });

const application = z.looseObject({
  id,
  name: z.string(),
  description: text,
  clientId: text,
  clientSecret: text,
  /** In a saved organization: the secret is never written as it is. */
  secretHash: z.strictObject({ salt: z.string(), sha256: z.string() }).optional(),
  url: text,
  owners: z.array(z.looseObject({ email: text, username: text })).nullish(),
});

const automatedPolicy = policy.extend({
  ruleOfApplication: z.looseObject({ environmentId: text }).nullish(),
});

const organization = z.strictObject({
  format: z.literal(FORMAT, `expected "${FORMAT}": ostiary import anypoint --url URL --save FILE makes such a file`),
  organizationId: z.string(),
  environments: z.array(environment),
  applications: z.array(application),
  automatedPolicies: z.array(automatedPolicy),
});

export type Organization = z.output<typeof organization>;
export type Environment = Organization['environments'][number];
export type AnypointApi = Environment['apis'][number];
export type AnypointPolicy = AnypointApi['policies'][number];
export type AutomatedPolicy = Organization['automatedPolicies'][number];
export type AnypointTier = AnypointApi['tiers'][number];
export type AnypointContract = AnypointApi['contracts'][number];
export type Application = Organization['applications'][number];

const DEEPEST = 64;

/**
 * Reads an organization, as it was fetched or saved.
 * @throws UserError that names the field and what was expected
 */
export function readOrganization(value: unknown, from: string): Organization {
  if (isDeeperThan(value, DEEPEST)) throw new UserError(`${from}: has more than ${DEEPEST} levels`);
  const parsed = organization.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = (issue?.path ?? [])
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  throw new UserError(`${from}: ${field.replace(/^\./, '').slice(0, 200)}: ${issue?.message ?? 'is not readable'}`);
}

/** Level by level: deep values would end a function that calls itself. */
function isDeeperThan(value: unknown, most: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= most; depth += 1) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
    if (level.length === 0) return false;
  }
  return true;
}
