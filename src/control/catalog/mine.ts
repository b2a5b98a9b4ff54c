import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  ApplicationEntrySchema,
  ContractEntrySchema,
  ListApplicationsRequest,
  ListContractsRequest,
} from '../../../gen/ostiary/v1/catalog_pb.js';
import { PLATFORM_TEAM } from '../../access/caller.ts';
import { seesCatalog } from '../../access/may.ts';
import { DEFAULT_NAMESPACE } from '../../document/names.ts';
import { keyText } from '../../registry/conflict.ts';
import type { Resource } from '../../registry/log.ts';
import type { Registry } from '../../registry/registry.ts';
import { applicationMessage } from '../application-messages.ts';
import { countCredentials } from '../application-secrets.ts';
import { partyOf } from '../belonging.ts';
import { contractMessage } from '../contract-messages.ts';
import { FIELDS, keyFrom } from '../facts.ts';
import type { Entry, ResourceIndex } from '../resource-index.ts';
import { compareKeys } from '../resource-index.ts';
import type { Rights } from '../rights.ts';
import { teamsIn } from '../teams-in.ts';
import { entryMessage, textAt, tierMessages } from './entry.ts';

const WAITS = (FIELDS['Contract'] ?? []).indexOf('waits');
/** Where somebody may make applications: the rest is for a search of their own. */
const MOST_NAMESPACES = 200;

/** What these answers are made of. */
export interface Reading {
  readonly registry: Pick<Registry, 'resources'>;
  readonly index: ResourceIndex;
  readonly rights: Rights;
  readonly nowMs: number;
}

/** Whether the caller may ask for contracts with a client application. */
export function mayAskWith(rights: Rights, { facts, ...application }: Entry): boolean {
  const { namespace, team } = rights.objectOf(application, facts);
  return (
    rights.may('request', { kind: 'Contract', namespace, team, applicant: team }) &&
    rights.sees({ ...application, facts })
  );
}

export function applicationsOf(
  { index, rights }: Reading,
  { search, application }: Pick<ListApplicationsRequest, 'search' | 'application'>,
): readonly Entry[] {
  const words = search.toLowerCase().split(/\s+/);
  const all = application === '' ? index.ofKind('ClientApplication') : named(index, 'ClientApplication', application);
  return all.filter((entry) => words.every((word) => entry.facts.search.includes(word)) && mayAskWith(rights, entry));
}

function named(index: ResourceIndex, kind: string, text: string): readonly Entry[] {
  const found = index.get(`${kind} ${text.includes('/') ? text : `${DEFAULT_NAMESPACE}/${text}`}`);
  return found === undefined ? [] : [found];
}

/** By namespace and name. */
export function contractsOf(
  reading: Reading,
  { application, api, contract, waiting }: Pick<ListContractsRequest, 'application' | 'api' | 'contract' | 'waiting'>,
): readonly Entry[] {
  const { index } = reading;
  const own = new Set(applicationsOf(reading, { search: '', application }).map(keyText));
  if (own.size === 0) return [];
  const apis = api === '' ? undefined : named(index, 'Api', api).map(keyText);
  const isWanted = ({ kind, facts }: Entry): boolean => {
    if (kind !== 'Contract' || (waiting && facts.fields[WAITS] !== 'yes')) return false;
    const party = partyOf(facts, 'ClientApplication');
    return party !== undefined && own.has(party);
  };
  if (contract !== '') return named(index, 'Contract', contract).filter(isWanted);
  // Of one party there are few: of all, they are sorted already.
  const [of] = apis ?? (application === '' ? [] : own);
  if (of === undefined) return apis === undefined ? index.ofKind('Contract').filter(isWanted) : [];
  const all = [...index.referring(of)].filter(isWanted);
  return all.sort(compareKeys);
}

/** Where the caller may make client applications. */
export function namespacesFor({ index, rights }: Reading): string[] {
  const isDeveloper = (team: string): boolean => seesCatalog(rights.rolesIn(team));
  const { teamByNamespace } = teamsIn(index);
  const own = [...teamByNamespace].filter(([namespace, team]) => namespace !== PLATFORM_TEAM && isDeveloper(team));
  const names = own.map(([namespace]) => namespace).toSorted();
  // Of a team that owns none: in a namespace that no team owns, the application says whose it is.
  const isAny =
    rights.isPlatformAdmin() || (names.length === 0 && seesCatalog(rights.caller.grants.map(({ role }) => role)));
  const isFree = isAny && !teamByNamespace.has(DEFAULT_NAMESPACE);
  return (isFree ? [DEFAULT_NAMESPACE, ...names] : names).slice(0, MOST_NAMESPACES);
}

export async function applicationEntries(
  entries: readonly Entry[],
  { registry, index, rights, nowMs }: Reading,
): Promise<MessageInitShape<typeof ApplicationEntrySchema>[]> {
  const found = await byKey(registry, entries.map(keyText));
  return entries.flatMap((entry) => {
    const resource = found.get(keyText(entry));
    if (resource === undefined) return [];
    const { document, owner, source = owner } = resource;
    let contracts = 0;
    let waiting = 0;
    for (const each of index.referring(keyText(entry))) {
      if (each.kind !== 'Contract') continue;
      contracts += 1;
      if (each.facts.fields[WAITS] === 'yes') waiting += 1;
    }
    const isElsewhere = owner !== 'api' && owner !== 'console';
    return [
      {
        application: applicationMessage(entry, document, resource.revision, nowMs),
        displayName: textAt(document, 'metadata.displayName'),
        description: textAt(document, 'metadata.description'),
        team: rights.objectOf(entry, entry.facts).team,
        contracts,
        waiting,
        apiKeys: countCredentials(document, nowMs).keys,
        keptIn: isElsewhere ? source : '',
      },
    ];
  });
}

/** Of each contract, with its API as far as the caller sees it. */
export async function contractEntries(
  entries: readonly Entry[],
  { registry, index, rights, nowMs }: Reading,
): Promise<MessageInitShape<typeof ContractEntrySchema>[]> {
  const parties = entries.flatMap(({ facts }) => facts.refers);
  const found = await byKey(registry, [...new Set([...entries.map(keyText), ...parties])]);
  return entries.flatMap((entry) => {
    const resource = found.get(keyText(entry));
    if (resource === undefined) return [];
    const [api, application] = (['Api', 'ClientApplication'] as const).map((kind) => {
      const key = partyOf(entry.facts, kind);
      return { key, document: key === undefined ? undefined : found.get(key)?.document };
    });
    const ofIndex = api?.key === undefined ? undefined : index.get(api.key);
    const isSeen = ofIndex !== undefined && rights.sees(ofIndex);
    const tier = tierMessages(api?.document).find(({ name }) => name === textAt(resource.document, 'spec.tier'));
    const { namespace = '', name = '' } = application?.key === undefined ? {} : keyFrom(application.key);
    return [
      {
        contract: contractMessage(entry, resource.document, api?.document, resource.revision, nowMs),
        ...(isSeen && {
          api: entryMessage(ofIndex, api?.document, rights.objectOf(ofIndex, ofIndex.facts).team),
        }),
        ...(tier && { tier }),
        applicationNamespace: namespace,
        applicationName: name,
        applicationDisplayName: textAt(application?.document, 'metadata.displayName'),
        clientId: textAt(application?.document, 'spec.clientId'),
      },
    ];
  });
}

export async function byKey(
  registry: Pick<Registry, 'resources'>,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Resource>> {
  if (keys.length === 0) return new Map();
  return new Map((await registry.resources(keys.map(keyFrom))).map((resource) => [keyText(resource), resource]));
}
