import type { Clock } from '../clock.ts';
import { databaseIn } from '../database/inside.ts';
import type { Inside } from '../database/inside.ts';
import { FIRST } from './first-token.ts';
import { endProgramLogins } from './program-logins.ts';
import { hashOf, makeId, makeSecret, openBy, sealBy } from './secret.ts';
import type { RandomBytes } from './secret.ts';
import type { PeopleDatabase, SessionTable } from './tables.ts';

export type SessionKind = 'browser' | 'program';

/** How long sessions live. */
export interface SessionLimits {
  /** From the login on, whatever happens. */
  readonly maxAgeMs: number;
  /** Without a request. */
  readonly idleMs: number;
}

export interface Session {
  readonly id: string;
  readonly person: string;
  readonly kind: SessionKind;
  readonly address: string;
  readonly createdAt: number;
  /** To the minute. */
  readonly seenAt: number;
  /** At the latest. */
  readonly endsAt: number;
}

/** A session whose secret was presented. */
export interface PresentedSession extends Session {
  readonly groups: readonly string[];
  readonly providerSession: string;
  /** When the provider has last said that it is still so. */
  readonly checkedAt: number;
  /** The provider is to be asked from then on; undefined: it can't be, or need not be. */
  readonly checkAt: number | undefined;
}

export interface NewSession {
  readonly person: string;
  readonly kind: SessionKind;
  readonly address: string;
  /** Of the provider; absent: the person has logged in here. */
  readonly provider?: {
    readonly session: string;
    readonly refreshToken: string | undefined;
    /** When it is to be asked next. */
    readonly checkAt: number;
  };
}

export interface SessionsPorts {
  readonly database: PeopleDatabase;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly limits: SessionLimits;
  /** What sessions of whoever has the token of the first start have kept of it; absent: there are none. */
  readonly firstMark?: () => Promise<string>;
}

const SEEN_EVERY_MS = 60_000;
const REFRESH = 'refresh token';

/** Sessions are kept here, and whoever has the secret of one has the session, until it ends. */
export class Sessions {
  readonly #ports: SessionsPorts;

  constructor(ports: SessionsPorts) {
    this.#ports = ports;
  }

  /** The same, within a transaction. */
  in(inside: Inside): Sessions {
    return new Sessions({ ...this.#ports, database: databaseIn(this.#ports.database, inside) });
  }

  /** Always a new one: nobody can give somebody else a secret beforehand. */
  async begin({ person, kind, address, provider }: NewSession): Promise<Session & { readonly secret: string }> {
    const { database, clock, randomBytes, limits } = this.#ports;
    const now = clock.now();
    const secret = makeSecret('session', randomBytes);
    const refreshToken = provider?.refreshToken;
    const row: SessionTable = {
      id: makeId(randomBytes),
      hash: hashOf(secret),
      person,
      kind,
      address,
      created_at: now,
      seen_at: now,
      ends_at: now + limits.maxAgeMs,
      provider_session: provider?.session ?? '',
      refresh: refreshToken === undefined ? '' : sealBy(secret, REFRESH, refreshToken, randomBytes),
      checked_at: provider === undefined ? 0 : now,
      check_at: provider?.checkAt ?? 0,
    };
    await database.kysely.deleteFrom('session').where('ends_at', '<=', now).execute();
    await database.kysely.insertInto('session').values(row).execute();
    return { ...sessionOf(row), secret };
  }

  /** @returns undefined: there is none, it has ended, or its person may not come in */
  async present(secret: string): Promise<PresentedSession | undefined> {
    const { database, clock, limits } = this.#ports;
    const row = await database.kysely
      .selectFrom('session')
      .leftJoin('person', 'person.name', 'session.person')
      .selectAll('session')
      .select(['person.groups', 'person.is_disabled'])
      .where('session.hash', '=', hashOf(secret))
      .executeTakeFirst();
    const now = clock.now();
    if (row === undefined || !(await this.#mayCome(row))) return undefined;
    if (row.ends_at <= now || row.seen_at + limits.idleMs <= now) {
      await this.end(row.id);
      return undefined;
    }
    if (now - row.seen_at >= SEEN_EVERY_MS) {
      await database.kysely.updateTable('session').set({ seen_at: now }).where('id', '=', row.id).execute();
    }
    return {
      ...sessionOf(row),
      groups: JSON.parse(row.groups ?? '[]') as readonly string[],
      providerSession: row.provider_session,
      checkedAt: row.checked_at,
      checkAt: row.refresh === '' ? undefined : row.check_at,
    };
  }

  /** Somebody whom we know; or whoever has the token of the first start, while it is still the same. */
  async #mayCome(row: Pick<SessionTable, 'person' | 'provider_session'> & { is_disabled: number | null }) {
    if (row.person !== FIRST) return row.is_disabled === 0;
    return row.provider_session === (await this.#ports.firstMark?.());
  }

  /**
   * Takes it on to ask the provider: of several control planes, and of several requests, one does.
   * @param until when it counts as asked, whatever comes of it
   * @returns the refresh token; undefined: somebody else asks, or the session has ended
   */
  async beginCheck(secret: string, until: number): Promise<string | undefined> {
    const { database, clock } = this.#ports;
    const taken = await database.kysely
      .updateTable('session')
      .set({ check_at: until })
      .where('hash', '=', hashOf(secret))
      .where('check_at', '<=', clock.now())
      .returning('refresh')
      .executeTakeFirst();
    return taken === undefined ? undefined : openBy(secret, REFRESH, taken.refresh);
  }

  /** What the provider has answered. @param refreshToken a new one; undefined: the one before stays */
  async checked(secret: string, checkAt: number, refreshToken: string | undefined): Promise<void> {
    const { database, clock, randomBytes } = this.#ports;
    const changed = refreshToken === undefined ? {} : { refresh: sealBy(secret, REFRESH, refreshToken, randomBytes) };
    await database.kysely
      .updateTable('session')
      .set({ checked_at: clock.now(), check_at: checkAt, ...changed })
      .where('hash', '=', hashOf(secret))
      .execute();
  }

  async find(id: string): Promise<Session | undefined> {
    const { kysely } = this.#ports.database;
    const row = await kysely.selectFrom('session').selectAll().where('id', '=', id).executeTakeFirst();
    return row && sessionOf(row);
  }

  /** The provider's session that it began with; empty: none is known. */
  async providerSessionOf(id: string): Promise<string> {
    const { kysely } = this.#ports.database;
    const row = await kysely.selectFrom('session').select('provider_session').where('id', '=', id).executeTakeFirst();
    return row?.provider_session ?? '';
  }

  async of(person: string): Promise<readonly Session[]> {
    const { database, clock, limits } = this.#ports;
    const now = clock.now();
    const rows = await database.kysely
      .selectFrom('session')
      .selectAll()
      .where('person', '=', person)
      .where('ends_at', '>', now)
      .where('seen_at', '>', now - limits.idleMs)
      .orderBy('created_at', 'desc')
      .execute();
    return rows.map(sessionOf);
  }

  /** @returns whether there was one */
  async end(id: string): Promise<boolean> {
    const { kysely } = this.#ports.database;
    const { numDeletedRows } = await kysely.deleteFrom('session').where('id', '=', id).executeTakeFirst();
    return numDeletedRows > 0n;
  }

  /** @returns how many */
  async endAllOf(person: string): Promise<number> {
    const { kysely } = this.#ports.database;
    await endProgramLogins(kysely, person);
    const { numDeletedRows } = await kysely.deleteFrom('session').where('person', '=', person).executeTakeFirst();
    return Number(numDeletedRows);
  }

  /** Those of a session of the provider, or of one whom it knows by this subject. @returns the people concerned */
  async endOfProvider(of: {
    readonly session?: string;
    readonly issuer: string;
    readonly subject?: string;
  }): Promise<readonly string[]> {
    const { kysely } = this.#ports.database;
    const { session, issuer, subject } = of;
    if (session === undefined && subject === undefined) return [];
    let people = kysely.selectFrom('person').select('name').where('issuer', '=', issuer);
    if (subject !== undefined) people = people.where('subject', '=', subject);
    let ending = kysely.deleteFrom('session').where('person', 'in', people);
    let unfetched = kysely.deleteFrom('program_login').where('person', 'in', people);
    if (session !== undefined) {
      ending = ending.where('provider_session', '=', session);
      unfetched = unfetched.where('provider_session', '=', session);
    }
    await unfetched.execute();
    const rows = await ending.returning('person').execute();
    return [...new Set(rows.map(({ person }) => person))];
  }
}

function sessionOf(row: SessionTable): Session {
  return {
    id: row.id,
    person: row.person,
    kind: row.kind === 'program' ? 'program' : 'browser',
    address: row.address,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    endsAt: row.ends_at,
  };
}
