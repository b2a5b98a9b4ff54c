import type { CallerLimits } from '../access/caller.ts';
import type { Clock } from '../clock.ts';
import { sql } from 'kysely';
import { databaseIn } from '../database/inside.ts';
import type { Inside } from '../database/inside.ts';
import { tableOf } from '../database/table-of.ts';
import { hashOf, makeId, makeSecret } from './secret.ts';
import type { RandomBytes } from './secret.ts';
import type { AccessTokenTable, PeopleDatabase } from './tables.ts';

export interface AccessToken {
  readonly id: string;
  readonly name: string;
  /** Whose it is: one of the two is empty. */
  readonly person: string;
  readonly team: string;
  readonly limits: CallerLimits;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  /** To the minute; 0: never. */
  readonly usedAt: number;
  readonly usedAddress: string;
  /** 0: it was not. */
  readonly revokedAt: number;
}

/** A token that was presented, and is good. */
export interface PresentedToken extends AccessToken {
  /** Of its person. */
  readonly groups: readonly string[];
}

export interface NewAccessToken extends Pick<AccessToken, 'name' | 'person' | 'team' | 'limits' | 'createdBy'> {
  readonly ttlMs: number;
}

export interface AccessTokensPorts {
  readonly database: PeopleDatabase;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

const USED_EVERY_MS = 60_000;

/** Tokens of programs, kept as hashes. */
export class AccessTokens {
  readonly #ports: AccessTokensPorts;

  constructor(ports: AccessTokensPorts) {
    this.#ports = ports;
  }

  /** Those of the names, such as `token:ci`, that a token of a team has which is valid. */
  async existing(names: readonly string[]): Promise<readonly string[]> {
    const { clock, database } = this.#ports;
    const named = tableOf(
      database.engine,
      { name: 'text' },
      names.map((name) => [name]),
    );
    const { rows } = await sql<{ title: string }>`SELECT token.title AS title FROM access_token AS token
      JOIN ${named} AS named ON named.name = token.title
      WHERE token.team <> '' AND token.revoked_at = 0 AND token.expires_at > ${clock.now()}`.execute(database.kysely);
    return rows.map(({ title }) => title);
  }

  /** The same, within a transaction. */
  in(inside: Inside): AccessTokens {
    return new AccessTokens({ ...this.#ports, database: databaseIn(this.#ports.database, inside) });
  }

  /**
   * The name of a team's token is its for good: what a Team grants to `token:NAME` never comes to another team.
   * @returns `taken`: by a token that is valid, or by another team's
   */
  async add(token: NewAccessToken): Promise<{ readonly secret: string; readonly token: AccessToken } | 'taken'> {
    const { database, clock, randomBytes } = this.#ports;
    const now = clock.now();
    const secret = makeSecret('token', randomBytes);
    const { name, person, team, limits, createdBy } = token;
    const row: AccessTokenTable = {
      id: makeId(randomBytes),
      hash: hashOf(secret),
      title: titleOf(token),
      name,
      person,
      team,
      limits: JSON.stringify(limits),
      created_at: now,
      created_by: createdBy,
      expires_at: now + token.ttlMs,
      used_at: 0,
      used_address: '',
      revoked_at: 0,
    };
    const written = await database.kysely
      .insertInto('access_token')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .column('title')
          .doUpdateSet(row)
          .where('access_token.team', '=', team)
          .where((where) =>
            where.or([where('access_token.revoked_at', '>', 0), where('access_token.expires_at', '<=', now)]),
          ),
      )
      .executeTakeFirst();
    return written.numInsertedOrUpdatedRows === 1n ? { secret, token: tokenOf(row) } : 'taken';
  }

  /** @returns undefined: there is none, it has ended, or its person may not come in */
  async present(secret: string, address: string): Promise<PresentedToken | undefined> {
    const { database, clock } = this.#ports;
    const row = await database.kysely
      .selectFrom('access_token')
      .leftJoin('person', 'person.name', 'access_token.person')
      .selectAll('access_token')
      .select(['person.groups', 'person.is_disabled'])
      .where('access_token.hash', '=', hashOf(secret))
      .executeTakeFirst();
    const now = clock.now();
    if (row === undefined || row.revoked_at > 0 || row.expires_at <= now) return undefined;
    if (row.person !== '' && row.is_disabled !== 0) return undefined;
    if (now - row.used_at >= USED_EVERY_MS) {
      const used = { used_at: now, used_address: address };
      await database.kysely.updateTable('access_token').set(used).where('id', '=', row.id).execute();
    }
    return { ...tokenOf(row), groups: row.groups === null ? [] : (JSON.parse(row.groups) as readonly string[]) };
  }

  async find(id: string): Promise<AccessToken | undefined> {
    const { kysely } = this.#ports.database;
    const row = await kysely.selectFrom('access_token').selectAll().where('id', '=', id).executeTakeFirst();
    return row && tokenOf(row);
  }

  /** @param of a person's, a team's, or everybody's */
  async list(
    of: { readonly person: string } | { readonly team: string } | 'everybody',
  ): Promise<readonly AccessToken[]> {
    let asked = this.#ports.database.kysely.selectFrom('access_token').selectAll().orderBy('title');
    if (of !== 'everybody')
      asked = 'team' in of ? asked.where('team', '=', of.team) : asked.where('person', '=', of.person);
    return (await asked.execute()).map(tokenOf);
  }

  /** @returns undefined: there is none */
  async revoke(id: string): Promise<AccessToken | undefined> {
    const { database, clock } = this.#ports;
    await database.kysely
      .updateTable('access_token')
      .set({ revoked_at: clock.now() })
      .where('id', '=', id)
      .where('revoked_at', '=', 0)
      .execute();
    return this.find(id);
  }
}

/** No name of a token has a space. */
function titleOf({ name, person, team }: Pick<AccessToken, 'name' | 'person' | 'team'>): string {
  return team === '' ? `${person} ${name}` : `token:${name}`;
}

/** What is wrong with the name of a token; undefined: nothing. */
export function problemOfTokenName(name: string): string | undefined {
  return /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/.test(name)
    ? undefined
    : 'expected lower-case letters and digits, with ".", "_" or "-" between them, at most 64, such as ci-orders';
}

function tokenOf(row: AccessTokenTable): AccessToken {
  return {
    id: row.id,
    name: row.name,
    person: row.person,
    team: row.team,
    limits: JSON.parse(row.limits) as CallerLimits,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    usedAddress: row.used_address,
    revokedAt: row.revoked_at,
  };
}
