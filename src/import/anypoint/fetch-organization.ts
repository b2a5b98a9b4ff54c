import { isFields } from '../remarks.ts';
import type { Fields } from '../remarks.ts';
import type { AnypointClient } from './client.ts';
import { FORMAT } from './organization.ts';

const PAGE = 100;
/** The platform limits how many come in a minute, and not how many come at once. */
const AT_ONCE = 4;

export interface FetchWhat {
  /** By the name of an environment. */
  readonly isWanted: (environment: string) => boolean;
  readonly hashOf: (secret: string) => object;
}

/**
 * Reads an organization: environments, APIs with tiers, policies and contracts, automated policies, and client applications.
 * Secrets of applications that the platform tells are hashed at once.
 * @throws UserError (rejects with it) where a part can't be read: half of it is worth nothing
 */
export async function fetchOrganization(
  client: AnypointClient,
  organizationId: string,
  { isWanted, hashOf }: FetchWhat,
): Promise<unknown> {
  const organization = `/organizations/${encodeURIComponent(organizationId)}`;
  const manager = `/apimanager/api/v1${organization}`;
  const all = await client.list(`/accounts/api${organization}/environments`, PAGE, (answer) => field(answer, 'data'));
  const environments: Fields[] = [];
  for (const environment of all.filter(isFields)) {
    if (!isWanted(String(environment['name']))) continue;
    const path = `${manager}/environments/${encodeURIComponent(String(environment['id']))}/apis`;
    const assets = await client.list(path, PAGE, (answer) => field(answer, 'assets'));
    const instances = assets.filter(isFields).flatMap((asset) => instancesOf(asset));
    const apis = await inTurns(instances, (instance) => wholeApi(client, path, instance));
    environments.push({ id: environment['id'], name: environment['name'], apis });
  }
  const automated = field(await client.find(`${manager}/automated-policies`), 'automatedPolicies');
  const exchange = `/exchange/api/v2${organization}/applications`;
  const listed = (await client.list(exchange, PAGE, (answer) => answer)).filter(isFields);
  const applications = await inTurns(listed, async (application) => {
    const detail = await client.find(`${exchange}/${encodeURIComponent(String(application['id']))}`);
    return withoutSecret({ ...application, ...(isFields(detail) ? detail : {}) }, hashOf);
  });
  return {
    format: FORMAT,
    organizationId,
    environments,
    applications,
    automatedPolicies: Array.isArray(automated) ? automated : [],
  };
}

/** An application whose secret can be compared and not be read. */
function withoutSecret(application: Fields, hashOf: FetchWhat['hashOf']): Fields {
  const { clientSecret, contract: _contract, ...rest } = application;
  if (typeof clientSecret !== 'string' || clientSecret === '') return rest;
  return { ...rest, secretHash: hashOf(clientSecret) };
}

function instancesOf(asset: Fields): readonly Fields[] {
  const apis = asset['apis'];
  if (!Array.isArray(apis)) return [];
  const name = asset['exchangeAssetName'] ?? asset['name'];
  return apis.filter(isFields).map((api) => Object.assign({ name, assetId: asset['assetId'] }, withoutNull(api)));
}

async function wholeApi(client: AnypointClient, apis: string, instance: Fields): Promise<Fields> {
  const path = `${apis}/${encodeURIComponent(String(instance['id']))}`;
  const detail = await client.get(path);
  const tiers = await client.list(`${path}/tiers`, PAGE, (answer) => field(answer, 'tiers'));
  const contracts = await client.list(`${path}/contracts`, PAGE, (answer) => field(answer, 'contracts'));
  const answer = await client.get(`${path}/policies?fullInfo=false`);
  const policies = Array.isArray(answer) ? answer : field(answer, 'policies');
  return {
    ...instance,
    ...(isFields(detail) ? withoutNull(detail) : {}),
    id: instance['id'],
    tiers,
    contracts,
    policies: Array.isArray(policies) ? policies : [],
  };
}

function withoutNull(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function field(answer: unknown, name: string): unknown {
  return isFields(answer) ? answer[name] : undefined;
}

/** In the order of the items. The first that fails ends it. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as Item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
