import type { Resource } from '../../../gen/ostiary/v1/resources_pb.js';
import { isRecord } from '../../document/load.ts';
import { PLATFORM_NAMESPACE } from '../../document/names.ts';
import { UserError } from '../../errors.ts';
import { ApiRefusal } from '../api-call.ts';
import { getOne, listAll } from './get.ts';
import { shortName } from './kinds.ts';
import { valueAt } from './resources.ts';
import type { Caller } from './server.ts';

type Json = Readonly<Record<string, unknown>>;

interface Asked {
  readonly from: string;
  readonly name: string;
  readonly to: string;
  /** None: those that it has. */
  readonly hosts: readonly string[];
  /** Names of bindings that stay. */
  readonly skip: readonly string[];
}

/** What is written, as Apply and Diff take it, and what whoever asks should know. */
interface Promotion {
  readonly documents: readonly { readonly document: Json; readonly file: string; readonly expectedRevision: string }[];
  readonly notes: readonly string[];
}

const BINDINGS = { kinds: ['PolicyBinding'] } as const;

/** What of an API belongs to the place where it is served. */
const OF_PLACE = ['hosts', 'publicUrl'] as const;

/** @throws UserError where the API would be without a policy that it has now */
export async function promotionOf(asked: Asked, caller: Caller): Promise<Promotion> {
  const { from, name, to, hosts, skip } = asked;
  if (from === to) throw new UserError(`${name} is in the namespace ${to}: name another one by --to`, 2);
  const api = await getOne({ kind: 'Api', namespace: from, name }, caller);
  const target = await findOne({ kind: 'Api', namespace: to, name }, caller);
  const bindings = await listAll({ ...BINDINGS, namespaces: [from] }, caller);
  const there = await listAll({ ...BINDINGS, namespaces: [to] }, caller);
  const known = new Map(there.map((each) => [each.name, each]));
  const named = bindings.filter((each) => isOf(each, name) && !skip.includes(each.name));
  const ofPlatform =
    from === PLATFORM_NAMESPACE ? [] : await listAll({ ...BINDINGS, namespaces: [PLATFORM_NAMESPACE] }, caller);
  refuseMissing(api, { bindings, known, ofPlatform }, asked);
  const documents = [
    { document: apiFor(api, target, asked), resource: api, revision: target?.revision },
    ...named.map((each) => ({ document: moved(each, to), resource: each, revision: known.get(each.name)?.revision })),
  ].map(({ document, resource, revision }) => ({
    document,
    file: shortName({ ...resource, namespace: to }),
    // What is shown is what is written.
    expectedRevision: String(revision ?? 0),
  }));
  const own = there.filter((each) => isOf(each, name) && !named.some((other) => other.name === each.name));
  const notes = own.map((each) => `${shortName(each)} stays: ${from} has no such binding of this API`);
  if (hosts.length === 0 && target === undefined && valueAt(api.document, 'spec.hosts') === undefined) {
    notes.push(`${shortName({ ...api, namespace: to })} takes requests to any host: --host names some`);
  }
  return { documents, notes };
}

async function findOne(key: Parameters<typeof getOne>[0], caller: Caller): Promise<Resource | undefined> {
  try {
    return await getOne(key, caller);
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return undefined;
    throw error;
  }
}

function isOf({ document }: Resource, api: string): boolean {
  return valueAt(document, 'spec.targetRef.kind') === 'Api' && valueAt(document, 'spec.targetRef.name') === api;
}

/** Whether a binding selects an API by its labels. */
function selects({ document }: Resource, api: Resource): boolean {
  if (valueAt(document, 'spec.targetRef.kind') !== 'Selector') return false;
  const wanted = valueAt(document, 'spec.targetRef.selector.labels') ?? {};
  const labels = valueAt(api.document, 'metadata.labels');
  return Object.entries(wanted).every(([key, value]) => isRecord(labels) && labels[key] === value);
}

interface Bindings {
  readonly bindings: readonly Resource[];
  /** Those of the other namespace, by name. */
  readonly known: ReadonlyMap<string, Resource>;
  readonly ofPlatform: readonly Resource[];
}

/**
 * A binding by labels may concern other APIs, and one of the platform is not ours: neither is taken along. So that no
 * policy is lost on the way, there must be one in the other namespace.
 */
function refuseMissing(api: Resource, { bindings, known, ofPlatform }: Bindings, { to, skip }: Asked): void {
  const byLabels = bindings.filter((each) => {
    const other = known.get(each.name);
    return selects(each, api) && (other === undefined || !selects(other, api));
  });
  const byPlatform = ofPlatform.filter((each) => isOf(each, `${api.namespace}/${api.name}`));
  const isThere = ofPlatform.some((each) => isOf(each, `${to}/${api.name}`));
  const missing = [...byLabels, ...(isThere ? [] : byPlatform)].filter(({ name }) => !skip.includes(name));
  if (missing.length === 0) return;
  const names = missing.map(shortName).join(', ');
  throw new UserError(
    `${shortName(api)} has policies by ${names}, which can't be taken along: apply such a binding for ${to} first, or leave it out by --skip NAME`,
  );
}

function moved({ document = {} }: Resource, to: string): Json {
  const { namespace: _from, ...metadata } = isRecord(document['metadata']) ? document['metadata'] : {};
  return { ...document, metadata: { ...metadata, ...(to !== 'default' && { namespace: to }) } };
}

function apiFor(api: Resource, target: Resource | undefined, { to, hosts }: Asked): Json {
  const document = moved(api, to);
  const spec = { ...(document['spec'] as Json) } as Record<string, unknown>;
  if (target !== undefined) {
    for (const field of OF_PLACE) {
      const kept = valueAt(target.document, `spec.${field}`);
      if (kept === undefined) delete spec[field];
      else spec[field] = kept;
    }
  }
  if (hosts.length > 0) spec['hosts'] = hosts;
  return { ...document, spec };
}
