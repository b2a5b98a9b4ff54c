import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import { tableOf } from '../database/table-of.ts';
import { canonicalJson } from '../document/version.ts';
import { chainHash, resourceText } from './chain.ts';
import { contentOf, isSameContent, keyText, Outrun, refuseConflict } from './conflict.ts';
import type { Author, Change, Head, Resource, Write } from './log.ts';
import { headOf, PAGE, resourcesOf } from './read.ts';
import { CHANGE_COLUMNS, KEY_COLUMNS, RESOURCE_COLUMNS } from './tables.ts';
import type { RegistryTables } from './tables.ts';

type Engine = Database<unknown>['engine'];

export interface Written {
  readonly head: Head;
  readonly changes: readonly Change[];
}

export interface Writing {
  readonly writes: readonly Write[];
  readonly author: Author;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly checkedAt: number | undefined;
}

/**
 * One write of the log, within a transaction of its own. Writers take turns: each holds the row of the head until it is
 * committed, so that revisions are committed in their order.
 * @throws Conflict, Outrun
 */
export async function writeWithin(
  transaction: Transaction<RegistryTables>,
  engine: Engine,
  writing: Writing,
): Promise<Written> {
  // In SQLite a transaction has the database to itself.
  if (engine === 'postgres') await sql`SELECT id FROM registry_head FOR UPDATE`.execute(transaction);
  const head = await headOf(transaction);
  if (writing.checkedAt !== undefined && writing.checkedAt !== head.revision) throw new Outrun();
  const known = await resourcesOf(
    transaction,
    engine,
    writing.writes.map(({ key }) => key),
  );
  const changes = changesOf(head, writing, new Map(known.map((resource) => [keyText(resource), resource])));
  const last = changes.at(-1);
  if (last === undefined) return { head, changes };
  await store(transaction, engine, changes);
  await sql`UPDATE registry_head SET revision = revision + ${changes.length}, hash = ${last.hash}`.execute(transaction);
  return { head: { ...head, revision: last.revision, hash: last.hash }, changes };
}

function changesOf(head: Head, writing: Writing, known: Map<string, Resource>): readonly Change[] {
  const { writes, author, at } = writing;
  let { revision, hash } = head;
  const changes: Change[] = [];
  for (const write of writes) {
    const key = keyText(write.key);
    const before = known.get(key);
    refuseConflict(write, before);
    const isSame =
      before === undefined || write.document === undefined ? before === write.document : isSameContent(before, write);
    if (isSame) continue;
    revision += 1;
    const { kind, namespace, name } = write.key;
    const after: Resource | undefined =
      write.document === undefined
        ? undefined
        : {
            kind,
            namespace,
            name,
            revision,
            createdRevision: before?.createdRevision ?? revision,
            at,
            ...contentOf(write),
          };
    const { actor, credential = '', address = '', reason } = author;
    const change = { revision, at, actor, credential, address, reason, kind, namespace, name };
    hash = chainHash(hash, { ...change, before: textOf(before), after: textOf(after) });
    changes.push({ ...change, before, after, hash });
    if (after === undefined) known.delete(key);
    else known.set(key, after);
  }
  return changes;
}

function textOf(resource: Resource | undefined): string | undefined {
  return resource === undefined ? undefined : resourceText(resource);
}

async function store(
  transaction: Transaction<RegistryTables>,
  engine: Engine,
  changes: readonly Change[],
): Promise<void> {
  for (let at = 0; at < changes.length; at += PAGE) {
    const page = changes.slice(at, at + PAGE);
    const rows = page.map((change) => {
      const { revision, at: changedAt, actor, credential, address, reason, kind, namespace, name, hash } = change;
      const before = textOf(change.before) ?? '';
      const after = textOf(change.after) ?? '';
      return [revision, changedAt, actor, credential, address, reason, kind, namespace, name, before, after, hash];
    });
    const added = tableOf(engine, CHANGE_COLUMNS, rows);
    await sql`INSERT INTO registry_change (${sql.raw(Object.keys(CHANGE_COLUMNS).join())})
      SELECT * FROM ${added} AS added`.execute(transaction);
  }
  const latest = [...new Map(changes.map((change) => [keyText(change), change])).values()];
  const upserts = latest.flatMap(({ after }) => after ?? []);
  for (let at = 0; at < upserts.length; at += PAGE) {
    const rows = upserts.slice(at, at + PAGE).map((resource) => {
      const { kind, namespace, name, revision, createdRevision, at: changedAt, owner, set, document } = resource;
      const { source = '', declared } = resource;
      return [
        kind,
        namespace,
        name,
        revision,
        createdRevision,
        changedAt,
        owner,
        set,
        source,
        declared === undefined ? '' : canonicalJson(declared),
        canonicalJson(document),
      ];
    });
    const columns = Object.keys(RESOURCE_COLUMNS);
    const replaced = columns.slice(3).map((column) => `${column} = excluded.${column}`);
    // Without WHERE, SQLite would take ON for the condition of a join.
    await sql`INSERT INTO registry_resource (${sql.raw(columns.join())})
      SELECT * FROM ${tableOf(engine, RESOURCE_COLUMNS, rows)} AS added WHERE true
      ON CONFLICT (kind, namespace, name) DO UPDATE SET ${sql.raw(replaced.join())}`.execute(transaction);
  }
  const removals = latest.filter(({ after }) => after === undefined);
  for (let at = 0; at < removals.length; at += PAGE) {
    const rows = removals.slice(at, at + PAGE).map(({ kind, namespace, name }) => [kind, namespace, name]);
    await sql`DELETE FROM registry_resource WHERE (kind, namespace, name) IN
      (SELECT kind, namespace, name FROM ${tableOf(engine, KEY_COLUMNS, rows)} AS removed)`.execute(transaction);
  }
}
