import { sql } from 'kysely';
import { databaseIn, together } from '../database/inside.ts';
import type { Inside } from '../database/inside.ts';
import { tableOf } from '../database/table-of.ts';
import { endProgramLogins } from './program-logins.ts';
import type { PeopleDatabase, PersonTable } from './tables.ts';

/** A local user, or somebody whom the identity provider has let in. */
export interface Person {
  /** As the audit keeps it. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly isDisabled: boolean;
  readonly createdAt: number;
  /** 0: never. */
  readonly lastLoginAt: number;
}

/** Of a person, what is needed to log in with a password. */
export interface LocalUser extends Person {
  readonly passwordHash: string;
}

/** Whom a provider has let in. */
export interface TakenPerson extends Person {
  /** Whether the name was somebody else's until now, whose sessions and tokens have ended. */
  readonly wasAnother: boolean;
}

/** What a provider has said of somebody. */
export interface ProvenPerson {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  /** Undefined: nothing was said, and it stays what it was. */
  readonly groups: readonly string[] | undefined;
}

export const LOCAL = 'local:';
export const OF_PROVIDER = 'user:';

const MOST_GROUPS = 500;
const MOST_GROUP_LENGTH = 256;

/** The people who may call, and what is known of them. */
export class People {
  readonly #database: PeopleDatabase;

  constructor(database: PeopleDatabase) {
    this.#database = database;
  }

  /** The same, within a transaction. */
  in(inside: Inside): People {
    return new People(databaseIn(this.#database, inside));
  }

  /** Whether there is nobody yet. */
  async isEmpty(): Promise<boolean> {
    return (await this.#database.kysely.selectFrom('person').select('name').limit(1).executeTakeFirst()) === undefined;
  }

  async list(): Promise<readonly Person[]> {
    const rows = await this.#database.kysely.selectFrom('person').selectAll().orderBy('name').execute();
    return rows.map(personOf);
  }

  /** Those of the names that somebody has. */
  async existing(names: readonly string[]): Promise<readonly string[]> {
    const named = tableOf(
      this.#database.engine,
      { name: 'text' },
      names.map((name) => [name]),
    );
    const { rows } = await sql<{ name: string }>`SELECT person.name AS name FROM person
      JOIN ${named} AS named ON named.name = person.name`.execute(this.#database.kysely);
    return rows.map(({ name }) => name);
  }

  async find(name: string): Promise<LocalUser | undefined> {
    const row = await this.#database.kysely
      .selectFrom('person')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst();
    return row && { ...personOf(row), passwordHash: row.password_hash };
  }

  /** @returns false: there is one of this name */
  async addLocal(name: string, passwordHash: string, groups: readonly string[], at: number): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#database.kysely
      .insertInto('person')
      .values({
        name,
        password_hash: passwordHash,
        groups: JSON.stringify(groups),
        issuer: '',
        subject: '',
        is_disabled: 0,
        created_at: at,
        last_login_at: 0,
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  /**
   * Takes over what the provider says. A name that it gives to somebody else now has none of the sessions and tokens
   * that the one before has had.
   * @returns undefined: they are disabled
   */
  take(
    { name, issuer, subject, groups }: ProvenPerson,
    at: number,
    { isLogin }: { readonly isLogin: boolean },
  ): Promise<TakenPerson | undefined> {
    return together(this.#database, async (transaction) => {
      const told = groups === undefined ? {} : { groups: JSON.stringify(groups) };
      const seen = { issuer, subject, ...(isLogin && { last_login_at: at }), ...told };
      await transaction
        .insertInto('person')
        .values({
          name,
          password_hash: '',
          groups: '[]',
          is_disabled: 0,
          created_at: at,
          last_login_at: 0,
          issuer: '',
          subject: '',
        })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute();
      const before = await transaction
        .selectFrom('person')
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirstOrThrow();
      if (before.is_disabled === 1) return undefined;
      const isAnother = before.subject !== '' && (before.subject !== subject || before.issuer !== issuer);
      if (isAnother) {
        await transaction.deleteFrom('session').where('person', '=', name).execute();
        await endProgramLogins(transaction, name);
        await transaction.updateTable('access_token').set({ revoked_at: at }).where('person', '=', name).execute();
      }
      await transaction.updateTable('person').set(seen).where('name', '=', name).execute();
      return { ...personOf({ ...before, ...seen }), wasAnother: isAnother };
    });
  }

  /** Whom the provider means by a name; undefined: it has named nobody so. */
  async subjectOf(name: string): Promise<string | undefined> {
    const { kysely } = this.#database;
    const row = await kysely.selectFrom('person').select('subject').where('name', '=', name).executeTakeFirst();
    return row?.subject;
  }

  async loggedIn(name: string, at: number): Promise<void> {
    await this.#database.kysely.updateTable('person').set({ last_login_at: at }).where('name', '=', name).execute();
  }

  /** @returns how many sessions it has ended; undefined: there is no such local user */
  setPassword(name: string, passwordHash: string, exceptSession: string): Promise<number | undefined> {
    return together(this.#database, async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('person')
        .set({ password_hash: passwordHash })
        .where('name', '=', name)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return undefined;
      await endProgramLogins(transaction, name);
      const { numDeletedRows } = await transaction
        .deleteFrom('session')
        .where('person', '=', name)
        .where('id', '!=', exceptSession)
        .executeTakeFirst();
      return Number(numDeletedRows);
    });
  }

  /** Sessions of who is disabled end; tokens are refused until they are let in again. @returns undefined: unknown */
  setDisabled(name: string, isDisabled: boolean): Promise<Person | undefined> {
    return together(this.#database, async (transaction) => {
      const is_disabled = isDisabled ? 1 : 0;
      await transaction.updateTable('person').set({ is_disabled }).where('name', '=', name).execute();
      if (isDisabled) {
        await transaction.deleteFrom('session').where('person', '=', name).execute();
        await endProgramLogins(transaction, name);
      }
      const row = await transaction.selectFrom('person').selectAll().where('name', '=', name).executeTakeFirst();
      return row && personOf(row);
    });
  }

  /** With all that lets them in. @returns false: there is none */
  remove(name: string, at: number): Promise<boolean> {
    return together(this.#database, async (transaction) => {
      await transaction.deleteFrom('session').where('person', '=', name).execute();
      await endProgramLogins(transaction, name);
      await transaction.deleteFrom('known_address').where('person', '=', name).execute();
      await transaction
        .updateTable('access_token')
        .set({ revoked_at: at })
        .where('person', '=', name)
        .where('revoked_at', '=', 0)
        .execute();
      const { numDeletedRows } = await transaction.deleteFrom('person').where('name', '=', name).executeTakeFirst();
      return numDeletedRows > 0n;
    });
  }
}

/** What is wrong with the name of a local user, without `local:`; undefined: nothing. */
export function problemOfLocalName(name: string): string | undefined {
  return /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/.test(name)
    ? undefined
    : 'expected lower-case letters and digits, with ".", "_" or "-" between them, at most 64, such as bob';
}

/** Groups that Teams can name: texts, each once, of bounded number and length. */
export function groupsOf(told: unknown): readonly string[] {
  const list = typeof told === 'string' ? [told] : Array.isArray(told) ? told : [];
  const texts = list.filter(
    (each): each is string => typeof each === 'string' && each !== '' && each.length <= MOST_GROUP_LENGTH,
  );
  return [...new Set(texts)].slice(0, MOST_GROUPS);
}

/** As a Team's members name somebody: without `user:`. */
export function memberName(name: string): string {
  return name.startsWith(OF_PROVIDER) ? name.slice(OF_PROVIDER.length) : name;
}

function personOf(row: PersonTable): Person {
  return {
    name: row.name,
    groups: groupsOf(JSON.parse(row.groups)),
    isDisabled: row.is_disabled === 1,
    createdAt: row.created_at,
    lastLoginAt: row.last_login_at,
  };
}
