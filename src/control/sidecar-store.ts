import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import { databaseIn, together } from '../database/inside.ts';
import type { Inside } from '../database/inside.ts';
import { migrated } from '../database/migrate.ts';
import { tableOf } from '../database/table-of.ts';
import type { RejectionFault } from '../sync/rejection.ts';
import { EVERYTHING } from '../sync/scope.ts';
import type { Scope } from '../sync/scope.ts';
import type {
  Admission,
  Joined,
  Joining,
  JoinToken,
  SidecarIdentity,
  SidecarRecord,
  SidecarReport,
  SidecarStore,
} from '../sync/sidecar-store.ts';
import { REPORT_COLUMNS, sidecarSchema } from './sidecar-tables.ts';
import type { SidecarTable, SidecarTables } from './sidecar-tables.ts';

/** Between an API server that issues tokens and this machine. */
const CLOCKS_DIFFER_MS = 30_000;

/** What nobody has told yet. */
const NEW = { labels: '{}', faults: '[]', max_stale_ms: 0, is_connected: 0, instance: '' } as const;

export interface StoredSidecars extends SidecarStore {
  /** The same, within a transaction. */
  in(inside: Inside): SidecarStore;
}

/**
 * Sidecars in a database, which may hold other parts too.
 * @throws DatabaseFault (rejects with it)
 */
export async function openSidecarStore<Tables>(database: Database<Tables>): Promise<StoredSidecars> {
  return new Sidecars(await migrated(database as unknown as Database<SidecarTables>, sidecarSchema));
}

class Sidecars implements StoredSidecars {
  readonly #database: Database<SidecarTables>;

  constructor(database: Database<SidecarTables>) {
    this.#database = database;
  }

  in(inside: Inside): SidecarStore {
    return new Sidecars(databaseIn(this.#database, inside));
  }

  async addToken({ hash, name, scope, createdAt, expiresAt, mostUses }: JoinToken): Promise<void> {
    const row = { hash, name, scope: JSON.stringify(scope), created_at: createdAt, expires_at: expiresAt };
    await this.#database.kysely
      .insertInto('sidecar_token')
      .values({ ...row, most_uses: mostUses, uses: 0 })
      .execute();
  }

  join(joining: Joining): Promise<Joined> {
    return together(this.#database, (transaction) => this.#joinWithin(transaction, joining));
  }

  async #joinWithin(transaction: Transaction<SidecarTables>, joining: Joining): Promise<Joined> {
    const { at, node, tokenHash } = joining;
    // Of those who join at once with one token, each waits for the one before: uses are counted.
    const lock = this.#database.engine === 'postgres' ? sql`FOR UPDATE` : sql``;
    const tokens = await sql<
      SidecarTables['sidecar_token']
    >`SELECT * FROM sidecar_token WHERE hash = ${tokenHash} ${lock}`.execute(transaction);
    const [token] = tokens.rows;
    if (token === undefined || token.expires_at <= at) return { result: 'bad_token' };
    const known = await transaction
      .selectFrom('sidecar')
      .select('token_hash')
      .where('node', '=', node)
      .executeTakeFirst();
    if (known !== undefined && known.token_hash !== tokenHash) return { result: 'taken' };
    const scope = scopeOf(token.scope);
    const sidecar = { ...freshOf(joining), token_hash: tokenHash, scope: token.scope };
    if (known !== undefined) {
      await transaction.updateTable('sidecar').set(sidecar).where('node', '=', node).execute();
      return { result: 'joined', scope };
    }
    if (token.most_uses > 0 && token.uses >= token.most_uses) return { result: 'bad_token' };
    const uses = token.uses + 1;
    await transaction.updateTable('sidecar_token').set({ uses }).where('hash', '=', tokenHash).execute();
    await transaction
      .insertInto('sidecar')
      .values({ ...NEW, ...sidecar, joined_at: at })
      .execute();
    return { result: 'joined', scope };
  }

  admit(admission: Admission): Promise<Joined> {
    return together(this.#database, (transaction) => this.#admitWithin(transaction, admission));
  }

  async #admitWithin(transaction: Transaction<SidecarTables>, admission: Admission): Promise<Joined> {
    const { at, credentialHash, issuedAt, node, scope, subject, version } = admission;
    const sidecar = { ...freshOf(admission), token_hash: subject, scope: JSON.stringify(scope) };
    // Of those who come by one name at once, the first one is inserted.
    const added = await transaction
      .insertInto('sidecar')
      .values({ ...NEW, ...sidecar, joined_at: at })
      .onConflict((conflict) => conflict.column('node').doNothing())
      .executeTakeFirst();
    if (added.numInsertedOrUpdatedRows === 1n) return { result: 'joined', scope };
    const known = await transaction
      .selectFrom('sidecar')
      .select(['token_hash', 'credential_hash', 'joined_at'])
      .where('node', '=', node)
      .executeTakeFirstOrThrow();
    if (known.token_hash !== subject) return { result: 'taken' };
    const isSame = known.credential_hash === credentialHash;
    if (!isSame && issuedAt !== undefined && issuedAt + CLOCKS_DIFFER_MS < known.joined_at)
      return { result: 'outdated' };
    const kept = { scope: sidecar.scope, version, has_left: 0, last_contact_at: at };
    const change = isSame ? kept : { ...sidecar, ...(issuedAt !== undefined && { joined_at: at }) };
    await transaction.updateTable('sidecar').set(change).where('node', '=', node).execute();
    return { result: 'joined', scope };
  }

  async identify(credentialHash: string): Promise<SidecarIdentity | undefined> {
    const row = await this.#database.kysely
      .selectFrom('sidecar')
      .select(['node', 'scope', 'token_hash'])
      .where('credential_hash', '=', credentialHash)
      .executeTakeFirst();
    return row && { node: row.node, scope: scopeOf(row.scope), joinedBy: row.token_hash };
  }

  report(instance: string, reports: readonly SidecarReport[]): Promise<readonly string[]> {
    const told = tableOf(this.#database.engine, REPORT_COLUMNS, reports.map(rowOf));
    const columns = Object.keys(REPORT_COLUMNS).filter((column) => column !== 'node');
    const set = sql.join(columns.map((column) => sql`${sql.ref(column)} = ${sql.ref(`told.${column}`)}`));
    return together(this.#database, async (transaction) => {
      // Two control planes that tell of the same nodes lock them in one order.
      if (this.#database.engine === 'postgres')
        await sql`SELECT node FROM sidecar WHERE node IN (SELECT node FROM ${told} AS told) ORDER BY node FOR UPDATE`.execute(
          transaction,
        );
      await sql`UPDATE sidecar SET ${set}, instance = ${instance} FROM ${told} AS told
        WHERE sidecar.node = told.node AND (told.is_connected = 1 OR sidecar.instance = ${instance})`.execute(
        transaction,
      );
      const unknown = await sql<{ node: string }>`SELECT told.node AS node FROM ${told} AS told
        LEFT JOIN sidecar ON sidecar.node = told.node WHERE sidecar.node IS NULL`.execute(transaction);
      return unknown.rows.map(({ node }) => node);
    });
  }

  async touch(instance: string, at: number): Promise<void> {
    await this.#database.kysely
      .updateTable('sidecar')
      .set({ last_contact_at: at })
      .where('instance', '=', instance)
      .where('is_connected', '=', 1)
      .execute();
  }

  async list(): Promise<readonly SidecarRecord[]> {
    const rows = await this.#database.kysely.selectFrom('sidecar').selectAll().orderBy('node').execute();
    return rows.map(recordOf);
  }

  async forget(node: string): Promise<boolean> {
    const { numDeletedRows } = await this.#database.kysely
      .deleteFrom('sidecar')
      .where('node', '=', node)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  async adopt(histories: readonly string[], at: number): Promise<void> {
    if (histories.length === 0) return;
    await this.#database.kysely
      .insertInto('sidecar_adoption')
      .values(histories.map((history) => ({ history, adopted_at: at })))
      .onConflict((conflict) => conflict.column('history').doUpdateSet({ adopted_at: at }))
      .execute();
  }

  async adoptedAt(history: string): Promise<number | undefined> {
    const row = await this.#database.kysely
      .selectFrom('sidecar_adoption')
      .select('adopted_at')
      .where('history', '=', history)
      .executeTakeFirst();
    return row?.adopted_at;
  }
}

/** What is so of a sidecar that has just joined, for the first time or again. */
function freshOf({ at, credentialHash, node, version }: Omit<Joining, 'tokenHash'>) {
  return {
    node,
    credential_hash: credentialHash,
    version,
    enforced_revision: 0,
    enforced_at: at,
    other_history: '',
    has_left: 0,
    last_contact_at: at,
  };
}

/** In the order of the columns. */
function rowOf(report: SidecarReport): (string | number)[] {
  const { enforcedAt, enforcedRevision, faults, hasLeft, isConnected, labels, lastContactAt, maxStaleMs } = report;
  return [
    report.node,
    report.version,
    JSON.stringify(labels),
    enforcedRevision,
    enforcedAt,
    JSON.stringify(faults),
    report.otherHistory,
    maxStaleMs,
    isConnected ? 1 : 0,
    hasLeft ? 1 : 0,
    lastContactAt,
  ];
}

function recordOf(row: SidecarTable): SidecarRecord {
  return {
    node: row.node,
    version: row.version,
    labels: JSON.parse(row.labels) as SidecarRecord['labels'],
    enforcedRevision: row.enforced_revision,
    enforcedAt: row.enforced_at,
    faults: JSON.parse(row.faults) as readonly RejectionFault[],
    otherHistory: row.other_history,
    maxStaleMs: row.max_stale_ms,
    isConnected: row.is_connected === 1,
    hasLeft: row.has_left === 1,
    lastContactAt: row.last_contact_at,
    scope: scopeOf(row.scope),
    joinedAt: row.joined_at,
  };
}

function scopeOf(text: string): Scope {
  return { ...EVERYTHING, ...(JSON.parse(text) as Partial<Scope>) };
}
