import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { tableOf } from '../database/table-of.ts';
import { NO_HASH } from './chain.ts';
import type { Change, Head, Owner, Resource, ResourceKey } from './log.ts';
import type { ChangeTable, RegistryKysely, ResourceTable } from './tables.ts';

/** Rows of one statement: what a thread passes at once takes memory twice. */
export const PAGE = 1000;

export async function headOf(kysely: RegistryKysely): Promise<Head> {
  const row = await kysely.selectFrom('registry_head').select(['history', 'revision', 'hash']).executeTakeFirst();
  return row ?? { history: '', revision: 0, hash: NO_HASH };
}

/** PostgreSQL has no text with this character, and takes a question about one for a failure. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000');
}

/** Those that there are, in no order. */
export async function resourcesOf(
  kysely: RegistryKysely,
  engine: Database<unknown>['engine'],
  keys: readonly ResourceKey[],
): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  const possible = keys.filter(({ kind, namespace, name }) => [kind, namespace, name].every(isStorable));
  for (let at = 0; at < possible.length; at += PAGE) {
    const page = possible.slice(at, at + PAGE).map(({ kind, namespace, name }) => [kind, namespace, name]);
    const wanted = tableOf(engine, { kind: 'text', namespace: 'text', name: 'text' }, page);
    const { rows } = await sql<ResourceTable>`
      SELECT r.* FROM ${wanted} AS k
      JOIN registry_resource AS r ON r.kind = k.kind AND r.namespace = k.namespace AND r.name = k.name`.execute(kysely);
    for (const row of rows) found.push(resourceOf(row));
  }
  return found;
}

/** All resources of a kind: for kinds of which there are few. */
export async function resourcesOfKind(kysely: RegistryKysely, kind: string): Promise<readonly Resource[]> {
  const rows = await kysely
    .selectFrom('registry_resource')
    .selectAll()
    .where('kind', '=', kind)
    .orderBy('namespace')
    .orderBy('name')
    .execute();
  return rows.map(resourceOf);
}

export interface ResourcePage {
  readonly page: readonly Resource[];
  /** Their documents as JSON. */
  readonly texts: readonly string[];
}

/** All resources, by kind, namespace and name, in pages. The next page is read while the caller works on one. */
export async function* resourcePages(kysely: RegistryKysely): AsyncGenerator<ResourcePage> {
  let reading = pageAfter(kysely, { kind: '', namespace: '', name: '' });
  for (;;) {
    const rows = await reading;
    const last = rows.at(-1);
    if (last === undefined) return;
    reading = pageAfter(kysely, last);
    // A caller that stops early does not wait for it.
    reading.catch(() => {});
    yield { page: rows.map(resourceOf), texts: rows.map(({ document }) => document) };
  }
}

async function pageAfter(kysely: RegistryKysely, last: ResourceKey): Promise<readonly ResourceTable[]> {
  const { rows } = await sql<ResourceTable>`
    SELECT * FROM registry_resource WHERE (kind, namespace, name) > (${last.kind}, ${last.namespace}, ${last.name})
    ORDER BY kind, namespace, name LIMIT ${PAGE}`.execute(kysely);
  return rows;
}

export async function changeRowsAfter(
  kysely: RegistryKysely,
  revision: number,
  limit: number,
): Promise<readonly ChangeTable[]> {
  return kysely
    .selectFrom('registry_change')
    .selectAll()
    .where('revision', '>', revision)
    .orderBy('revision')
    .limit(limit)
    .execute();
}

/** One text for all of an owner's resources: each row brings one of its own. */
const OWNERS: Readonly<Record<Owner, Owner>> = {
  api: 'api',
  files: 'files',
  git: 'git',
  kubernetes: 'kubernetes',
  console: 'console',
};

export function resourceOf(row: ResourceTable): Resource {
  const { kind, namespace, name, revision, created_revision, changed_at, owner, set_name, document } = row;
  const { source, declared } = row;
  const resource = {
    kind,
    namespace,
    name,
    revision,
    createdRevision: created_revision,
    at: changed_at,
    owner: OWNERS[owner as Owner] ?? (owner as Owner),
    set: set_name,
    document: JSON.parse(document) as unknown,
  };
  // Most have neither, and an object that is put together of others takes longer.
  if (source === '' && declared === '') return resource;
  return {
    ...resource,
    ...(source !== '' && { source }),
    ...(declared !== '' && { declared: JSON.parse(declared) as Record<string, unknown> }),
  };
}

export function changeOf({ changed_at, before, after, ...same }: ChangeTable): Change {
  return { ...same, at: changed_at, before: parsed(before), after: parsed(after) };
}

function parsed(text: string): Resource | undefined {
  return text === '' ? undefined : (JSON.parse(text) as Resource);
}
