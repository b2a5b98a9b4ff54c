import { parseWith } from '../document/issues.ts';
import { name as nameSchema } from '../document/fields.ts';
import { resolveReference } from '../document/names.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { keyText, whereToChange } from '../registry/conflict.ts';
import type { Author, Ownership, Resource, ResourceKey } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import type { Changing, ChangeRequest } from './changing.ts';
import type { Identity } from '../access/caller.ts';
import type { Verb } from '../access/verbs.ts';
import type { CurrentIndex } from './current-index.ts';
import type { PlacedFault } from './naming.ts';
import { namespaceOr } from './resource-messages.ts';
import { notThere, Rights } from './rights.ts';
import { Outdated } from './seen.ts';
import type { Seen } from './seen.ts';

export interface EditingPorts {
  readonly registry: Pick<Registry, 'resources'>;
  readonly changing: Pick<Changing, 'plan' | 'apply'>;
  readonly index: Pick<CurrentIndex, 'current'>;
}

export type Json = Readonly<Record<string, unknown>>;

export interface EditRequest {
  readonly author: Author;
  /** Whose request it is; undefined: our own. */
  readonly by: Identity | undefined;
  /**
   * The caller needs the right to one of these. Absent: to write, which is asked for as for any document. With others, whoever
   * asks knows what they may make of it.
   */
  readonly verbs?: readonly Exclude<Verb, 'read'>[];
  readonly dryRun: boolean;
  /** What the caller has seen; undefined: whatever it is. */
  readonly expectedRevision: number | undefined;
}

/** What a resource should become. */
export interface Edit {
  /** Undefined: it is deleted. */
  readonly document: Json | undefined;
  /** What else it was made of. */
  readonly upon?: readonly Seen[];
}

/** What became of one resource. */
export interface Edited {
  /** Undefined: it was deleted. */
  readonly document: Json | undefined;
  /** Of its last change; 0 in a dry run that would change it. */
  readonly revision: number;
  /** Of the log. */
  readonly logRevision: number;
  readonly warnings: readonly PlacedFault[];
}

const BY_HAND: Ownership = { owner: 'api' };
/** Others may write the same resource in the same moment. */
const MOST_TRIES = 5;
const MOST_TOLD = 5;

/**
 * Writes one resource as it should become, through the same checks as Apply. If somebody else writes it meanwhile, it is
 * read and edited again, unless the caller expects a revision. What is kept in Git or a cluster stays that owner's, and is as
 * it was decided here until the owner's document says something else.
 * @param edit makes the new document; it throws where the resource must not change
 * @throws RpcError
 */
export async function editOne(
  ports: EditingPorts,
  key: ResourceKey,
  request: EditRequest,
  edit: (before: Resource) => Edit | Promise<Edit>,
): Promise<Edited> {
  for (let tries = 1; ; tries += 1) {
    const before = await resourceSeen(ports, key, request.by, request.verbs ?? ['write']);
    refuseEdit(key, before, request);
    const { document, upon } = await edit(before);
    const expected = { ...request, expectedRevision: before.revision };
    try {
      return document === undefined
        ? await deleteOne(ports, key, expected, before)
        : await writeOne(ports, document, expected, { upon, decided: before });
    } catch (error) {
      const isOutrun = error instanceof RpcError && error.code === Code.aborted;
      const mayTry = error instanceof Outdated || request.expectedRevision === undefined;
      if (!isOutrun || !mayTry || tries >= MOST_TRIES) throw error;
    }
  }
}

/**
 * A resource that the caller may know of.
 * @param verbs they need the right to one of these
 * @throws RpcError, the same for one that is not there and one that they may not know of
 */
export async function resourceSeen(
  { index: current, registry }: Pick<EditingPorts, 'index' | 'registry'>,
  key: ResourceKey,
  by: Identity | undefined,
  verbs: readonly Exclude<Verb, 'read'>[],
): Promise<Resource> {
  const { index } = await current.current();
  const entry = index.get(keyText(key));
  if (entry === undefined) throw notThere(key);
  if (by !== undefined) {
    const rights = new Rights(by, index);
    if (!rights.sees(entry)) throw notThere(key);
    const object = rights.objectOf(key, entry.facts);
    const [verb] = verbs;
    if (verb !== undefined && !verbs.some((each) => rights.may(each, object))) {
      rights.require(verb, object, `may not ${verb === 'write' ? 'write' : 'decide'} ${keyText(key)}`);
    }
  }
  const [resource] = await registry.resources([key]);
  if (resource === undefined) throw notThere(key);
  return resource;
}

/**
 * Writes a document, checked as by Apply.
 * @param more what it was made of; whose document it is that somebody decides about, absent: it is written by hand
 * @throws RpcError with its faults
 */
export function writeOne(
  { changing }: EditingPorts,
  document: Json,
  { expectedRevision, ...request }: EditRequest,
  more: { readonly upon?: readonly Seen[] | undefined; readonly decided?: Ownership } = {},
): Promise<Edited> {
  const { upon = [], decided } = more;
  return changed(changing, { writes: [{ document, expectedRevision }], deletions: [], upon }, request, decided);
}

function deleteOne(
  { changing }: EditingPorts,
  key: ResourceKey,
  { expectedRevision, ...request }: EditRequest,
  decided: Ownership,
): Promise<Edited> {
  return changed(changing, { writes: [], deletions: [{ key, expectedRevision }] }, request, decided);
}

async function changed(
  changing: EditingPorts['changing'],
  what: Pick<ChangeRequest, 'writes' | 'deletions' | 'upon'>,
  { author, by, dryRun, verbs }: Omit<EditRequest, 'expectedRevision'>,
  decided: Ownership | undefined,
): Promise<Edited> {
  const { owner, source } = decided ?? BY_HAND;
  const request: ChangeRequest = {
    ...what,
    set: '',
    prune: false,
    owner,
    ...(source !== undefined && { source }),
    isDecision: decided !== undefined,
    by,
    isAllowed: verbs !== undefined,
  };
  const applied = dryRun ? await changing.plan(request) : await changing.apply(request, author);
  refuseFaults(applied.faults);
  const [change] = applied.changes;
  if (change === undefined) throw new Error('nothing was planned');
  const own = 'revisions' in applied ? (applied.revisions as ReadonlyMap<string, number>).get(keyText(change.key)) : 0;
  return {
    document: change.document as Json | undefined,
    revision: change.effect === 'unchanged' ? (change.before?.revision ?? 0) : (own ?? 0),
    logRevision: applied.revision,
    warnings: applied.warnings,
  };
}

/** @throws RpcError */
function refuseEdit(key: ResourceKey, before: Resource, { expectedRevision }: EditRequest): void {
  // The file would bring it back.
  if (before.owner === 'files') throw new RpcError(Code.aborted, `${keyText(key)} ${whereToChange(before)}`);
  if (expectedRevision === undefined || expectedRevision === before.revision) return;
  const message = `${keyText(key)} has revision ${before.revision}, and revision ${expectedRevision} was expected: read it again`;
  throw new RpcError(Code.aborted, message);
}

/** @throws RpcError where there is one */
export function refuseFaults(faults: readonly PlacedFault[]): void {
  if (faults.length > 0) throw new RpcError(Code.invalidArgument, textOf(faults));
}

function textOf(faults: readonly PlacedFault[]): string {
  const told = faults.slice(0, MOST_TOLD).map(({ place, file, field, message }) => {
    return [...(place === undefined ? [file] : []), ...(field === '' ? [] : [field]), message].join(': ');
  });
  const more = faults.length - MOST_TOLD;
  return `${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** The key that a request names. @throws RpcError where it can be none */
export function keyNamed(kind: string, { namespace, name }: { namespace: string; name: string }): ResourceKey {
  const key = { kind, namespace: namespaceOr(namespace), name };
  refuseName('namespace', key.namespace);
  refuseName('name', name);
  return key;
}

/** The key that a reference of a document in a namespace means. @throws RpcError where it can be none */
export function keyReferred(
  kind: string,
  namespace: string,
  reference: string,
  field: string,
  resolve = resolveReference,
): ResourceKey {
  const resolved = resolve({ namespace: namespaceOr(namespace), name: '' }, reference);
  for (const part of [resolved.namespace, resolved.name]) refuseName(field, part);
  return { kind, ...resolved };
}

function refuseName(field: string, text: string): void {
  if (text === '') throw new RpcError(Code.invalidArgument, `${field} is missing`);
  const parsed = parseWith(nameSchema, text);
  if ('issues' in parsed) {
    throw new RpcError(Code.invalidArgument, `${field}: ${parsed.issues[0]?.message ?? 'expected a name'}`);
  }
}
