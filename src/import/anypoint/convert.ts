import { API_VERSION } from '../../document/schema.ts';
import type { Fields } from '../remarks.ts';
import { convertApi, convertTiers } from './convert-api.ts';
import { convertApplications } from './convert-applications.ts';
import type { ConvertedApplications, NewSecret } from './convert-applications.ts';
import { API_ANNOTATION, POLICY_ANNOTATION } from './existing.ts';
import type { Existing, Named } from './existing.ts';
import { byId, joinedName, Names, slugOf } from './naming.ts';
import type { AnypointApi, AnypointContract, AutomatedPolicy, Organization } from './organization.ts';
import { convertPolicies } from './policies.ts';

export interface ConvertOptions {
  /** By the name of an environment: its namespace. Others are left alone. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** Where client applications go. */
  readonly applicationsNamespace: string;
  /** By the name of an API here, with its namespace in front unless that is `default`. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  readonly skippedPolicies: readonly string[];
  readonly existing: Existing;
  readonly secretFieldsOf: (kind: string) => readonly string[];
  readonly newSecret: () => string;
  readonly hashOf: (secret: string) => { readonly salt: string; readonly sha256: string };
}

export interface Converted {
  /** New ones, and those that an earlier import has made and this one makes anew. */
  readonly documents: readonly Fields[];
  /** Client applications and contracts that are there: they stay as they are. */
  readonly kept: readonly Fields[];
  readonly newSecrets: readonly NewSecret[];
  /** What does not come, and why. */
  readonly leftOut: readonly string[];
  /** What is otherwise here. */
  readonly notes: readonly string[];
}

const STATUSES: ReadonlyMap<string, string> = new Map([
  ['APPROVED', 'approved'],
  ['PENDING', 'pending'],
  ['REJECTED', 'rejected'],
  ['REVOKED', 'revoked'],
]);

/** Documents of ostiary for what an organization has. An API that can't come as it is does not come at all. */
export function convertOrganization(organization: Organization, options: ConvertOptions): Converted {
  const { existing, applicationsNamespace: namespace } = options;
  const applications = convertApplications(organization, { ...options, namespace, existing });
  const documents: Fields[] = [...applications.documents];
  const leftOut: string[] = [...applications.leftOut];
  const kept: Fields[] = [...applications.kept];
  const notes: string[] = [];
  const usedHosts = new Set<string>();
  for (const { name: environment, id, apis } of organization.environments) {
    const own = options.namespaces.get(environment);
    if (own === undefined) continue;
    const names = new Names(existing.namesOf('Api', own));
    const ofAll = organization.automatedPolicies
      .filter(({ ruleOfApplication }) => (ruleOfApplication?.environmentId ?? id) === id)
      .map((policy) => automated(policy, own, options));
    const refused = ofAll.flatMap((each) => each.leftOut);
    if (refused.length > 0) {
      // Without it, each of them would let through what it keeps out.
      leftOut.push(`all ${apis.length} APIs of ${environment}: ${refused.join('; ')}`);
      continue;
    }
    const ofEach = [...apis].toSorted(byId).map((api) => {
      return oneApi(api, { environment, namespace: own, names, applications, usedHosts }, options);
    });
    const hasApis = ofEach.some((each) => each.documents.length > 0);
    for (const made of hasApis ? [...ofEach, ...ofAll] : ofEach) {
      documents.push(...made.documents);
      kept.push(...made.kept);
      leftOut.push(...made.leftOut);
      notes.push(...made.notes);
    }
  }
  for (const name of options.hosts.keys()) if (!usedHosts.has(name)) leftOut.push(`--host: there is no API ${name}`);
  return { documents, kept, newSecrets: applications.newSecrets, leftOut, notes };
}

type Made = Omit<Converted, 'newSecrets'>;

interface Around {
  readonly environment: string;
  readonly namespace: string;
  readonly names: Names;
  readonly applications: ConvertedApplications;
  readonly usedHosts: Set<string>;
}

function oneApi(api: AnypointApi, around: Around, options: ConvertOptions): Made {
  const { environment, namespace, names, usedHosts } = around;
  const place = `API ${JSON.stringify((api.name ?? api.assetId ?? '').slice(0, 100))} (${api.id}) of ${environment}`;
  const known = options.existing.imported(API_ANNOTATION, api.id);
  const slug = slugOf(api.assetId ?? api.name ?? 'api');
  const isHere = known?.namespace === namespace;
  const own = { namespace, name: isHere ? known.name : names.take(slug, `${slug}-${api.id}`) };
  const qualified = namespace === 'default' ? own.name : `${namespace}/${own.name}`;
  const hosts = options.hosts.get(qualified);
  if (hosts !== undefined) usedHosts.add(qualified);
  const secretName = `anypoint-${slugOf(api.id)}`;
  const { skippedPolicies: skipped, secretFieldsOf } = options;
  const policies = convertPolicies(api.policies, { place, secretName, skipped, secretFieldsOf });
  const tiers = convertTiers(api.tiers, place);
  const made = convertApi(api, { own, tiers: tiers.tiers, policies: policies.policies, hosts });
  const refusals = [...policies.refusals, ...tiers.refusals, ...('why' in made ? [`${place} ${made.why}`] : [])];
  if ('why' in made || refusals.length > 0) {
    const contracts = api.contracts.length;
    const also = contracts === 0 ? '' : `, with ${contracts} of its contracts`;
    return { documents: [], kept: [], leftOut: [`${place} is left out${also}: ${refusals.join('; ')}`], notes: [] };
  }
  const contracts = contractsOf(
    api,
    { own, place, tierNames: tiers.nameOf, deprecated: deprecatedIn(tiers.tiers) },
    around,
    options,
  );
  return {
    documents: [...secretOf(own, secretName, policies.secrets), made.document, ...contracts.documents],
    kept: contracts.kept,
    leftOut: contracts.leftOut,
    notes: [...policies.notes, ...contracts.notes],
  };
}

function secretOf({ namespace }: Named, name: string, secrets: Readonly<Record<string, string>>): readonly Fields[] {
  const data = Object.entries(secrets).map(([key, value]) => [key, { value }] as const);
  if (data.length === 0) return [];
  const metadata = { name, ...(namespace !== 'default' && { namespace }) };
  return [{ apiVersion: API_VERSION, kind: 'Secret', metadata, spec: { data: Object.fromEntries(data) } }];
}

function deprecatedIn(tiers: readonly Fields[]): ReadonlySet<unknown> {
  return new Set(tiers.filter(({ deprecated }) => deprecated === true).map(({ name }) => name));
}

interface OfApi {
  readonly own: Named;
  readonly place: string;
  readonly tierNames: ReadonlyMap<string, string>;
  readonly deprecated: ReadonlySet<unknown>;
}

function contractsOf(api: AnypointApi, of: OfApi, { applications }: Around, { existing }: ConvertOptions): Made {
  const { own, place } = of;
  const names = new Names(existing.namesOf('Contract', own.namespace));
  const documents: Fields[] = [];
  const kept: Fields[] = [];
  const leftOut: string[] = [];
  const notes: string[] = [];
  const seen = new Set<string>();
  for (const contract of [...api.contracts].toSorted(byId)) {
    const what = `${place}: contract ${contract.id}`;
    const application = applications.byId.get(contract.applicationId);
    const status = STATUSES.get(contract.status.toUpperCase());
    if (application === undefined || status === undefined || seen.has(contract.applicationId)) {
      const why =
        application === undefined
          ? 'its application does not come'
          : status === undefined
            ? `has the status ${JSON.stringify(contract.status.slice(0, 50))}`
            : 'another contract is of the same application';
      leftOut.push(`${what}: ${why}`);
      continue;
    }
    seen.add(contract.applicationId);
    const known = existing.contract(own, application);
    if (known !== undefined) {
      kept.push(known.document);
      // Whoever has revoked it here, or approved, is not overruled.
      const differs = known.status !== undefined && known.status !== status;
      if (differs) notes.push(`${what} is there as ${known.name}, and stays ${known.status}: there it is ${status}`);
      continue;
    }
    const tier = tierOf(contract, of, status);
    if ('why' in tier) {
      leftOut.push(`${what}: ${tier.why}`);
      continue;
    }
    if (status === 'approved' && contract.requestedTierId && contract.requestedTierId !== contract.tierId) {
      notes.push(`${what}: another tier is asked for, which has to be asked for again here`);
    }
    const name = joinedName(application.name, own.name);
    const reference =
      application.namespace === own.namespace ? application.name : `${application.namespace}/${application.name}`;
    documents.push({
      apiVersion: API_VERSION,
      kind: 'Contract',
      metadata: {
        name: names.take(name, `${name}-${contract.id}`),
        ...(own.namespace !== 'default' && { namespace: own.namespace }),
      },
      spec: {
        clientApplication: reference,
        api: own.name,
        ...(tier.name !== undefined && { tier: tier.name }),
        status,
      },
    });
  }
  return { documents, kept, leftOut, notes };
}

function tierOf(
  { tierId, requestedTierId }: AnypointContract,
  { tierNames, deprecated }: OfApi,
  status: string,
): { readonly name: string | undefined } | { readonly why: string } {
  const id = tierId ?? requestedTierId ?? undefined;
  const name = id === undefined ? undefined : tierNames.get(id);
  if (id !== undefined && name === undefined) return { why: `its tier ${id} is not one of the API` };
  if (status === 'pending' && deprecated.has(name))
    return { why: `its tier ${name} is deprecated and takes no new contracts` };
  return { name };
}

/** A policy for every API of a namespace, before their own. */
function automated(policy: AutomatedPolicy, namespace: string, options: ConvertOptions): Made {
  const id = policy.id ?? policy.policyId ?? '';
  const name = policy.assetId ?? policy.template?.assetId ?? '';
  const place = `automated policy ${JSON.stringify(name.slice(0, 100))} (${id})`;
  const { skippedPolicies: skipped, secretFieldsOf, existing } = options;
  const secretName = `anypoint-automated-${slugOf(id)}`;
  const { policies, secrets, notes, refusals } = convertPolicies([policy], {
    place,
    secretName,
    skipped,
    secretFieldsOf,
  });
  const [made] = policies;
  const nothing = { documents: [], kept: [], leftOut: [], notes };
  if (refusals.length > 0) return { ...nothing, leftOut: [`${place}: ${refusals.join('; ')}`] };
  if (made === undefined) return nothing;
  const known = existing.imported(POLICY_ANNOTATION, `${id} ${namespace}`);
  const own = known ?? { namespace, name: `automated-${slugOf(name)}-${slugOf(id)}` };
  const document = {
    apiVersion: API_VERSION,
    kind: 'PolicyBinding',
    metadata: {
      name: own.name,
      ...(namespace !== 'default' && { namespace }),
      annotations: { [POLICY_ANNOTATION]: `${id} ${namespace}` },
    },
    spec: { targetRef: { kind: 'Selector', selector: { labels: {} } }, ...made, order: 10 + (policy.order ?? 0) },
  };
  return { ...nothing, documents: [...secretOf(own, secretName, secrets), document] };
}
