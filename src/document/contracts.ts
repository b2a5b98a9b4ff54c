import type { ClientApplication, Contract, SecretHash, Tier } from '../contract/contract.ts';
import { parseSecretHash } from '../contract/secret.ts';
import { limitsOf } from '../quota/limit-schema.ts';
import type { Faults } from './fault.ts';
import type { Issue } from './issues.ts';
import { addIssues } from './load.ts';
import type { Loaded } from './load.ts';
import { whereIs } from './name-index.ts';
import type { NameIndex } from './name-index.ts';
import { didYouMean } from '../nearest.ts';
import { isPublished, PUBLISHED_SECRET } from './published-secrets.ts';
import type { Document, DocumentOf } from './schema.ts';
import { readSecret } from './secret-source.ts';
import type { SecretReader } from './secret-source.ts';
import type { Warnings } from './warnings.ts';

interface Context {
  readonly index: NameIndex;
  readonly faults: Faults;
  readonly pace: () => Promise<void> | undefined;
  /** Told what the version of the documents covers. */
  readonly digest: (document: Document, content: unknown) => void;
}

interface ClientContext extends Context {
  readonly warnings: Warnings;
  readonly digestSecret: (place: string, secret: string) => void;
}

/** Makes client applications of their documents, by name; secrets are hashed and forgotten. */
export async function compileClients(
  context: ClientContext,
  reader: SecretReader,
): Promise<ReadonlyMap<string, ClientApplication>> {
  const clients = new Map<string, ClientApplication>();
  const byId = new Map<string, Loaded>();
  for (const loaded of context.index.all('ClientApplication')) {
    const { metadata, spec } = loaded.document;
    const first = byId.get(spec.clientId);
    if (first !== undefined) {
      const message = `another client application has this client id: ${whereIs(first)}`;
      addIssues(context.faults, loaded.place, [{ path: ['spec', 'clientId'], at: 'value', message }]);
    }
    byId.set(spec.clientId, first ?? loaded);
    // Most hold a hash alone: 100,000 promises are worth saving.
    const single = spec.clientSecret;
    if (single !== undefined && isPublished(single, undefined)) warnOfPublished(context, loaded, ['clientSecret']);
    const { hashes, contents } =
      single !== undefined && 'sha256' in single
        ? { hashes: [parseSecretHash(single)], contents: [single.salt, single.sha256] }
        : await readSecrets(loaded, context, reader);
    clients.set(metadata.name, { name: metadata.name, clientId: spec.clientId, secrets: hashes });
    context.digest(loaded.document, [metadata.labels, spec.clientId, ...contents]);
    const turn = context.pace();
    if (turn !== undefined) await turn;
  }
  return clients;
}

async function readSecrets(
  loaded: Loaded<'ClientApplication'>,
  context: ClientContext,
  reader: SecretReader,
): Promise<{ readonly hashes: readonly SecretHash[]; readonly contents: readonly unknown[] }> {
  const { metadata, spec } = loaded.document;
  const single = spec.clientSecret;
  const hashes: SecretHash[] = [];
  const contents: unknown[] = [];
  for (const [index, source] of (single === undefined ? (spec.clientSecrets ?? []) : [single]).entries()) {
    const field = single === undefined ? ['clientSecrets', index] : ['clientSecret'];
    const read = await readSecret(source, loaded.place.source.file, reader);
    if ('hash' in read) {
      if (isPublished(source, 'plain' in read ? read.plain : undefined)) warnOfPublished(context, loaded, field);
      hashes.push(read.hash);
      if ('written' in read) contents.push(read.written);
      else context.digestSecret(`${metadata.name}/${index}`, read.plain);
    } else {
      addIssues(context.faults, loaded.place, [
        { path: ['spec', ...field, ...read.path], at: 'value', message: read.message },
      ]);
    }
  }
  return { hashes, contents };
}

function warnOfPublished({ warnings }: ClientContext, { place }: Loaded, field: readonly PropertyKey[]): void {
  warnings.add(place, [{ path: ['spec', ...field], at: 'key', message: PUBLISHED_SECRET }]);
}

/** Makes contracts of their documents, each held against the client, the API and the tier that it names. */
export async function compileContracts(
  context: Context,
  clients: ReadonlyMap<string, ClientApplication>,
  tiers: ReadonlyMap<string, readonly CompiledTier[]>,
): Promise<readonly Contract[]> {
  const contracts: Contract[] = [];
  /** By API, then by client: the first contract of the two. */
  const seen = new Map<string, Map<string, Loaded>>();
  for (const loaded of context.index.all('Contract')) {
    const { document, place } = loaded;
    const client = clients.get(document.spec.clientApplication);
    const ofApi = tiers.get(document.spec.api);
    const tier = ofApi?.find(({ name }) => name === document.spec.tier);
    const issues = [
      ...dangling(context.index, 'ClientApplication', client, document.spec.clientApplication),
      ...dangling(context.index, 'Api', ofApi, document.spec.api),
      ...(ofApi === undefined ? [] : tierIssues(document, tier, ofApi)),
    ];
    let first: Loaded | undefined;
    if (client !== undefined && ofApi !== undefined) {
      let parties = seen.get(document.spec.api);
      if (parties === undefined) seen.set(document.spec.api, (parties = new Map()));
      first = parties.get(client.name);
      if (first === undefined) parties.set(client.name, loaded);
      else issues.push(issue('clientApplication', `has another contract with this API: ${whereIs(first)}`));
    }
    if (issues.length > 0) addIssues(context.faults, place, issues);
    else if (client !== undefined) contracts.push(toContract(document, client, tier));
    const { clientApplication, api, tier: tierName, status } = document.spec;
    context.digest(document, [document.metadata.labels, clientApplication, api, tierName, status]);
    const turn = context.pace();
    if (turn !== undefined) await turn;
  }
  return contracts;
}

/** A tier with what documents alone need to know of it. */
export interface CompiledTier {
  readonly name: string;
  readonly tier: Tier;
  readonly autoApprove: boolean;
  readonly deprecated: boolean;
}

export function compileTiers({ spec }: DocumentOf<'Api'>): readonly CompiledTier[] {
  return spec.tiers.map(({ name, limits, onStoreFailure, autoApprove, deprecated }) => {
    const choice = onStoreFailure === undefined ? {} : { onStoreFailure };
    return { name, tier: { name, limits: limitsOf(limits), ...choice }, autoApprove, deprecated };
  });
}

type ContractDocument = DocumentOf<'Contract'>;

function toContract(
  { metadata, spec }: ContractDocument,
  client: ClientApplication,
  tier: CompiledTier | undefined,
): Contract {
  return { name: metadata.name, api: spec.api, client, status: statusOf(spec, tier), tier: tier?.tier };
}

function statusOf({ status }: ContractDocument['spec'], tier: CompiledTier | undefined): Contract['status'] {
  return status ?? (tier?.autoApprove === true ? 'approved' : 'pending');
}

function dangling(index: NameIndex, kind: 'Api' | 'ClientApplication', found: unknown, name: string): readonly Issue[] {
  const message = found === undefined ? index.dangling(kind, name) : undefined;
  if (message === undefined) return [];
  return [{ ...issue(kind === 'Api' ? 'api' : 'clientApplication', message), isDangling: true }];
}

function tierIssues(
  { spec }: ContractDocument,
  tier: CompiledTier | undefined,
  ofApi: readonly CompiledTier[],
): readonly Issue[] {
  if (spec.tier === undefined) return [];
  if (tier === undefined) {
    const names = ofApi.map(({ name }) => name);
    const known = names.length === 0 ? '; it has none' : didYouMean(spec.tier, names) || `; it has ${names.join(', ')}`;
    return [issue('tier', `the API ${spec.api} has no tier of this name${known}`)];
  }
  if (!tier.deprecated || statusOf(spec, tier) !== 'pending') return [];
  return [issue('tier', 'this tier is deprecated and takes no new contracts: name another one')];
}

function issue(field: string, message: string): Issue {
  return { path: ['spec', field], at: 'value', message };
}
