import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ListOwnApisResponseSchema } from '../../gen/ostiary/v1/authoring_pb.js';
import type { ListOwnApisRequest, ListOwnApisResponse, OwnApiSchema } from '../../gen/ostiary/v1/authoring_pb.js';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Role } from '../access/caller.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import { partyOf } from './belonging.ts';
import { listAt, textAt } from './catalog/entry.ts';
import { FIELDS } from './facts.ts';
import { afterOf, tokenOf } from './listing.ts';
import { compareKeys } from './resource-index.ts';
import type { Entry, ResourceIndex } from './resource-index.ts';
import type { Rights } from './rights.ts';

const PAGE = 50;
const LARGEST_PAGE = 100;
const API_FIELDS = FIELDS['Api'] ?? [];
const CONTRACT_FIELDS = FIELDS['Contract'] ?? [];
const LIFECYCLE = API_FIELDS.indexOf('metadata.lifecycle');
const STATUS = CONTRACT_FIELDS.indexOf('spec.status');
const WAITS = CONTRACT_FIELDS.indexOf('waits');
/** Roles that see more of an API of their team than the catalog has. */
const SEEING: readonly Role[] = ['admin', 'owner', 'viewer', 'auditor'];

interface Own {
  readonly entry: Entry;
  readonly team: string;
}

/** The APIs of the caller's teams, a page of them with what is going on there. @throws RpcError where the token is none */
export async function ownApis(
  request: ListOwnApisRequest,
  index: ResourceIndex,
  rights: Rights,
  registry: Pick<Registry, 'resources'>,
): Promise<ListOwnApisResponse> {
  const all = ownIn(index, rights);
  const counts = new Map<string, number>();
  for (const { team } of all) counts.set(team, (counts.get(team) ?? 0) + 1);
  const after = afterOf(request.pageToken);
  const matching = all.filter((each) => meets(each, request));
  const waiting = waitingByApi(index);
  const waitingAt = ({ entry }: Own): number => waiting.get(keyText(entry)) ?? 0;
  const wanted = request.waiting ? matching.filter((each) => waitingAt(each) > 0) : matching;
  const rest = after === undefined ? wanted : wanted.filter(({ entry }) => compareKeys(entry, after) > 0);
  const page = rest.slice(0, Math.min(LARGEST_PAGE, request.pageSize || PAGE));
  const found = new Map(
    (await registry.resources(page.map(({ entry }) => entry))).map((each) => [keyText(each), each]),
  );
  const apis = page.flatMap((own) => {
    const { entry, team } = own;
    const resource = found.get(keyText(entry));
    if (resource === undefined) return [];
    const writable = rights.may('write', rights.objectOf(entry, entry.facts));
    return [{ ...toldOf(resource), team, contracts: contractsOf(entry, index), waiting: waitingAt(own), writable }];
  });
  return create(ListOwnApisResponseSchema, {
    apis,
    total: wanted.length,
    nextPageToken: rest.length > page.length ? tokenOf(page.at(-1)?.entry) : '',
    teams: [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => ({ name, apis: count })),
    waiting: wanted.reduce((sum, each) => sum + waitingAt(each), 0),
  });
}

function ownIn(index: ResourceIndex, rights: Rights): readonly Own[] {
  if (!rights.isWithin('read', 'Api')) return [];
  return index.ofKind('Api').flatMap((entry): readonly Own[] => {
    const { team } = rights.objectOf(entry, entry.facts);
    const held = rights.rolesIn(team);
    return SEEING.some((role) => held.has(role)) ? [{ entry, team }] : [];
  });
}

function meets({ entry: { facts }, team }: Own, request: ListOwnApisRequest): boolean {
  if (request.team !== '' && request.team !== team) return false;
  const { lifecycle } = request;
  if (lifecycle !== '' && (facts.fields[LIFECYCLE] ?? 'none') !== lifecycle) return false;
  const words = request.search.toLowerCase().split(/\s+/);
  return words.every((word) => facts.search.includes(word));
}

/** Few of all contracts wait. */
function waitingByApi(index: ResourceIndex): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { facts } of index.ofKind('Contract')) {
    const api = facts.fields[WAITS] === 'yes' ? partyOf(facts, 'Api') : undefined;
    if (api !== undefined) counts.set(api, (counts.get(api) ?? 0) + 1);
  }
  return counts;
}

/** Those in force. */
function contractsOf(api: Entry, index: ResourceIndex): number {
  let count = 0;
  for (const { kind, facts } of index.referring(keyText(api)))
    if (kind === 'Contract' && facts.fields[STATUS] === 'approved') count += 1;
  return count;
}

function toldOf({ namespace, name, owner, source, revision, at, document }: Resource) {
  return {
    namespace,
    name,
    displayName: textAt(document, 'metadata.displayName'),
    version: textAt(document, 'metadata.version'),
    lifecycle: textAt(document, 'metadata.lifecycle'),
    hosts: listAt(document, 'spec.hosts').filter((host) => typeof host === 'string'),
    basePath: textAt(document, 'spec.basePath') || '/',
    owner,
    source: source ?? '',
    revision: BigInt(revision),
    changedAt: timestampFromMs(at),
    policies: listAt(document, 'spec.policies').length,
  } satisfies MessageInitShape<typeof OwnApiSchema>;
}
