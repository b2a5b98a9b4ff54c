import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Database } from '../database/database.ts';
import { migrated } from '../database/migrate.ts';
import { tableOf } from '../database/table-of.ts';
import { dropDeadline, putDeadline, putStanding } from './row-changes.ts';
import type { AwaitedDeadline, Inside } from './row-changes.ts';
import type { Deadline } from './deadlines.ts';
import type { TeamEvent } from './event.ts';
import { notifySchema } from './tables.ts';
import type { NotifyDatabase } from './tables.ts';

/** How far the log was read, and by whom. */
export interface Place {
  readonly history: string;
  readonly revision: number;
  readonly term: number;
  /** Whether the ends of what was there before are known. */
  readonly isFilled: boolean;
}

/** Another process reads on: this one may write nothing more. */
export class Replaced extends Error {
  override name = 'Replaced';
  constructor() {
    super('another process tells people now');
  }
}

/** What a page of the log, or a look at something else, has brought. */
export interface Taken {
  readonly events: readonly TeamEvent[];
  readonly set?: readonly AwaitedDeadline[];
  readonly dropped?: readonly Omit<Deadline, 'endsAt'>[];
  /** By subject; an empty standing is forgotten. */
  readonly standings?: ReadonlyMap<string, { readonly standing: string; readonly at: number }>;
  /** How far the log is read with this; absent: no further. */
  readonly revision?: number;
}

/** @throws DatabaseFault (rejects with it) */
export async function openNotifyDatabase<Tables>(database: Database<Tables>): Promise<NotifyDatabase> {
  return migrated(database as unknown as NotifyDatabase, notifySchema);
}

/**
 * Events, and how far what they come from was read: both change in one transaction, so that each event is there once.
 */
export class EventStore {
  readonly #database: NotifyDatabase;

  constructor(database: NotifyDatabase) {
    this.#database = database;
  }

  /** Where nothing was read yet, the log is read from here on: what is before is not told. */
  async begin(history: string, revision: number): Promise<void> {
    await sql`INSERT INTO notify_place (id, history, revision, term, is_filled)
      VALUES (1, ${history}, ${revision}, 0, ${revision === 0 ? 1 : 0}) ON CONFLICT DO NOTHING`.execute(
      this.#database.kysely,
    );
  }

  /** Takes the office over, from whoever has it. */
  async enter(): Promise<Place> {
    const { is_filled, ...place } = await this.#database.kysely
      .updateTable('notify_place')
      .set({ term: sql`term + 1` })
      .where('id', '=', 1)
      .returning(['history', 'revision', 'term', 'is_filled'])
      .executeTakeFirstOrThrow();
    return { ...place, isFilled: is_filled === 1 };
  }

  /**
   * Writes all of it, or nothing.
   * @throws Replaced (rejects with it)
   */
  async take(place: Place, taken: Taken): Promise<Place> {
    const { events, set = [], dropped = [], standings, revision = place.revision } = taken;
    await this.#database.kysely.transaction().execute(async (inside) => {
      await claim(inside, place, revision);
      await this.#addEvents(inside, events);
      for (const { kind, namespace, name, part } of dropped)
        await dropDeadline(inside, { kind, namespace, name, part });
      for (const deadline of set) await putDeadline(inside, deadline);
      for (const [subject, { standing, at }] of standings ?? []) await putStanding(inside, subject, standing, at);
    });
    return { ...place, revision };
  }

  /** Begins anew, in another history of the log: what is before is not told. @throws Replaced (rejects with it) */
  async moveTo(place: Place, history: string, revision: number): Promise<Place> {
    const { numUpdatedRows } = await this.#database.kysely
      .updateTable('notify_place')
      .set({ history, revision, is_filled: 0 })
      .where('term', '=', place.term)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw new Replaced();
    return { ...place, history, revision, isFilled: false };
  }

  /** Adds the ends of what is there. @throws Replaced (rejects with it) */
  async fill(place: Place, deadlines: readonly AwaitedDeadline[]): Promise<Place> {
    await this.#database.kysely.transaction().execute(async (inside) => {
      await claim(inside, place, place.revision);
      for (const deadline of deadlines) await putDeadline(inside, deadline);
      await inside.updateTable('notify_place').set({ is_filled: 1 }).execute();
    });
    return { ...place, isFilled: true };
  }

  /** For events of other origins, from whichever process: who is to hear of them is looked for later. */
  async record(events: readonly TeamEvent[]): Promise<void> {
    await this.#database.kysely.transaction().execute((inside) => this.#addEvents(inside, events));
  }

  /** Ends of which there is something to tell, the first first. */
  async dueDeadlines(now: number, limit: number): Promise<readonly AwaitedDeadline[]> {
    const rows = await this.#database.kysely
      .selectFrom('notify_deadline')
      .selectAll()
      .where('next_at', '<=', now)
      .orderBy('next_at')
      .limit(limit)
      .execute();
    return rows.map(({ kind, namespace, name, part, ends_at: endsAt, next_at: nextAt }) => {
      return { kind, namespace, name, part, endsAt, nextAt };
    });
  }

  /** By subject. */
  async standings(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#database.kysely.selectFrom('notify_standing').select(['subject', 'standing']).execute();
    return new Map(rows.map(({ subject, standing }) => [subject, standing]));
  }

  /** Those for whom nobody was looked yet, in the order in which they came. */
  async untold(limit: number): Promise<readonly TeamEvent[]> {
    const rows = await this.#database.kysely
      .selectFrom('notify_event')
      .select('body')
      .where('is_told', '=', 0)
      .orderBy('place')
      .limit(limit)
      .execute();
    return rows.map(({ body }) => JSON.parse(body) as TeamEvent);
  }

  /** The latest first. @param teams those whose events are meant; undefined: all */
  async list(filter: EventFilter): Promise<readonly ListedEvent[]> {
    const { teams, before, limit } = filter;
    let query = this.#database.kysely.selectFrom('notify_event').select(['place', 'body']);
    if (before !== undefined) query = query.where('place', '<', before);
    if (teams !== undefined) query = query.where(concerns(this.#database.engine, teams));
    const rows = await query.orderBy('place', 'desc').limit(limit).execute();
    return rows.map(({ place, body }) => ({ place, event: JSON.parse(body) as TeamEvent }));
  }

  async find(id: string): Promise<TeamEvent | undefined> {
    const row = await this.#database.kysely
      .selectFrom('notify_event')
      .select('body')
      .where('id', '=', id)
      .executeTakeFirst();
    return row && (JSON.parse(row.body) as TeamEvent);
  }

  /** Forgets events that happened before a time and are waited for by no delivery. */
  async forget(before: number): Promise<void> {
    await sql`DELETE FROM notify_event WHERE happened_at < ${before} AND is_told = 1 AND NOT EXISTS
      (SELECT 1 FROM notify_delivery AS d WHERE d.event_id = notify_event.id)`.execute(this.#database.kysely);
  }

  async #addEvents(inside: Inside, events: readonly TeamEvent[]): Promise<void> {
    if (events.length === 0) return;
    const columns = { id: 'text', event: 'text', happened_at: 'integer', teams: 'text', body: 'text' } as const;
    const rows = events.map((each) => [
      each.id,
      each.event,
      Date.parse(each.at),
      ` ${each.teams.join(' ')} `,
      JSON.stringify(each),
    ]);
    const added = tableOf(this.#database.engine, columns, rows);
    await sql`INSERT INTO notify_event (id, event, happened_at, teams, body, is_told)
      SELECT added.id, added.event, added.happened_at, added.teams, added.body, 0 FROM ${added} AS added
      WHERE true ON CONFLICT (id) DO NOTHING`.execute(inside);
  }
}

export interface EventFilter {
  readonly teams: readonly string[] | undefined;
  /** Events that came before this one. */
  readonly before: number | undefined;
  readonly limit: number;
}

export interface ListedEvent {
  readonly place: number;
  readonly event: TeamEvent;
}

/** Whether an event concerns one of the teams. */
function concerns(engine: NotifyDatabase['engine'], teams: readonly string[]): RawBuilder<boolean> {
  if (teams.length === 0) return sql`1 = 0`;
  const at = sql.raw(engine === 'sqlite' ? 'instr' : 'strpos');
  return sql`(${sql.join(
    teams.map((team) => sql`${at}(teams, ${` ${team} `}) > 0`),
    sql` OR `,
  )})`;
}

async function claim(inside: Inside, { history, term }: Place, revision: number): Promise<void> {
  const { numUpdatedRows } = await inside
    .updateTable('notify_place')
    .set({ revision })
    .where('term', '=', term)
    .where('history', '=', history)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new Replaced();
}
