import { sql } from 'kysely';
import { tableOf } from '../database/table-of.ts';
import type { TeamEvent } from './event.ts';
import { deliveryId } from './receiver.ts';
import { Replaced } from './store.ts';
import type { Place } from './store.ts';
import type { DeliveryState, DeliveryTable, NotifyDatabase } from './tables.ts';

/** One event for one receiver. */
export interface Delivery {
  readonly id: string;
  readonly receiver: string;
  readonly attempts: number;
  /** From when on a day is counted, in milliseconds since the Unix epoch. */
  readonly sinceAt: number;
  readonly event: TeamEvent;
}

/** What came of an attempt. */
export interface Attempted {
  readonly state: DeliveryState;
  /** When to send it again, if it waits. */
  readonly dueAt: number;
  readonly at: number;
  readonly detail: string;
}

/** A delivery for people. */
export interface ListedDelivery extends Omit<DeliveryTable, 'event_id'> {
  readonly event: TeamEvent;
}

export interface DeliveryFilter {
  readonly states: readonly DeliveryState[];
  /** Those that are meant; undefined: all. */
  readonly receivers: readonly string[] | undefined;
  readonly limit: number;
}

/** What waits to be sent, what was sent, and what was given up. */
export class DeliveryStore {
  readonly #database: NotifyDatabase;

  constructor(database: NotifyDatabase) {
    this.#database = database;
  }

  /**
   * Adds the deliveries of events, which are told with this.
   * @param wanted receivers by event
   * @throws Replaced (rejects with it)
   */
  async fan({ term }: Place, wanted: ReadonlyMap<TeamEvent, readonly string[]>, now: number): Promise<void> {
    const { kysely, engine } = this.#database;
    const rows = [...wanted].flatMap(([{ id }, receivers]) =>
      receivers.map((receiver) => [deliveryId(id, receiver), id, receiver]),
    );
    const ids = [...wanted.keys()].map(({ id }) => [id]);
    await kysely.transaction().execute(async (inside) => {
      const place = await inside.selectFrom('notify_place').select('term').where('term', '=', term).executeTakeFirst();
      if (place === undefined) throw new Replaced();
      const added = tableOf(engine, { id: 'text', event_id: 'text', receiver: 'text' }, rows);
      if (rows.length > 0) {
        await sql`INSERT INTO notify_delivery (id, event_id, receiver, state, attempts, due_at, since_at, sent_at, detail)
          SELECT added.id, added.event_id, added.receiver, 'waiting', 0, ${now}, ${now}, 0, '' FROM ${added} AS added
          WHERE true ON CONFLICT (id) DO NOTHING`.execute(inside);
      }
      await sql`UPDATE notify_event SET is_told = 1 WHERE id IN (SELECT told.id FROM ${tableOf(engine, { id: 'text' }, ids)} AS told)`.execute(
        inside,
      );
    });
  }

  /** Those for whom something waits, and how much. */
  async waiting(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.kysely
      .selectFrom('notify_delivery')
      .select(['receiver', ({ fn }) => fn.countAll<number>().as('count')])
      .where('state', '=', 'waiting')
      .groupBy('receiver')
      .execute();
    return new Map(rows.map(({ receiver, count }) => [receiver, count]));
  }

  /** What waits for a receiver, the first due first. */
  async next(receiver: string, limit: number): Promise<readonly (Delivery & { readonly dueAt: number })[]> {
    const rows = await this.#database.kysely
      .selectFrom('notify_delivery as d')
      .innerJoin('notify_event as e', 'e.id', 'd.event_id')
      .select(['d.id', 'd.receiver', 'd.attempts', 'd.since_at', 'd.due_at', 'e.body'])
      .where('d.state', '=', 'waiting')
      .where('d.receiver', '=', receiver)
      .orderBy('d.due_at')
      .orderBy('e.place')
      .limit(limit)
      .execute();
    return rows.map(({ id, attempts, since_at, due_at, body }) => ({
      id,
      receiver,
      attempts,
      sinceAt: since_at,
      dueAt: due_at,
      event: JSON.parse(body) as TeamEvent,
    }));
  }

  async attempted(id: string, { state, dueAt, at, detail }: Attempted): Promise<void> {
    await this.#database.kysely
      .updateTable('notify_delivery')
      .set(({ eb }) => ({ state, due_at: dueAt, sent_at: at, detail, attempts: eb('attempts', '+', 1) }))
      .where('id', '=', id)
      .execute();
  }

  /** Gives up what waits for a receiver that takes nothing: what was sent, and what was not and is older still. */
  async giveUp(receiver: string, sentBefore: number, unsentBefore: number): Promise<number> {
    const { numAffectedRows } = await sql`UPDATE notify_delivery SET state = 'dead'
      WHERE state = 'waiting' AND receiver = ${receiver} AND (since_at < ${unsentBefore}
        OR (since_at < ${sentBefore} AND attempts > 0))`.execute(this.#database.kysely);
    return Number(numAffectedRows ?? 0n);
  }

  /** Gives up what waits for a receiver beyond a number, the oldest first. @returns how many */
  async bound(receiver: string, most: number, detail: string): Promise<number> {
    const { numAffectedRows } = await sql`UPDATE notify_delivery SET state = 'dead', detail = ${detail} WHERE id IN
      (SELECT id FROM notify_delivery WHERE state = 'waiting' AND receiver = ${receiver}
       ORDER BY since_at DESC, id LIMIT 1000000000 OFFSET ${most})`.execute(this.#database.kysely);
    return Number(numAffectedRows ?? 0n);
  }

  /** The latest first. */
  async list({ states, receivers, limit }: DeliveryFilter): Promise<readonly ListedDelivery[]> {
    if (receivers?.length === 0) return [];
    let query = this.#database.kysely
      .selectFrom('notify_delivery as d')
      .innerJoin('notify_event as e', 'e.id', 'd.event_id')
      .select(['d.id', 'receiver', 'state', 'attempts', 'due_at', 'since_at', 'sent_at', 'detail', 'body'])
      .where('state', 'in', [...states]);
    if (receivers !== undefined) query = query.where('receiver', 'in', [...receivers]);
    const rows = await query.orderBy('e.place', 'desc').orderBy('d.id').limit(limit).execute();
    return rows.map(listed);
  }

  async find(id: string): Promise<ListedDelivery | undefined> {
    const row = await this.#database.kysely
      .selectFrom('notify_delivery as d')
      .innerJoin('notify_event as e', 'e.id', 'd.event_id')
      .select(['d.id', 'receiver', 'state', 'attempts', 'due_at', 'since_at', 'sent_at', 'detail', 'body'])
      .where('d.id', '=', id)
      .executeTakeFirst();
    return row && listed(row);
  }

  /** Lets it wait again, for a day from now. @returns whether there is one, and it does not wait anyway */
  async again(id: string, now: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.kysely
      .updateTable('notify_delivery')
      .set({ state: 'waiting', due_at: now, since_at: now, attempts: 0, detail: '' })
      .where('id', '=', id)
      .where('state', '!=', 'waiting')
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Forgets what was delivered, or given up, before these times. */
  async forget(deliveredBefore: number, deadBefore: number): Promise<void> {
    await sql`DELETE FROM notify_delivery WHERE (state = 'delivered' AND sent_at < ${deliveredBefore})
      OR (state = 'dead' AND since_at < ${deadBefore})`.execute(this.#database.kysely);
  }
}

function listed({ body, ...row }: Omit<ListedDelivery, 'event'> & { readonly body: string }): ListedDelivery {
  return { ...row, event: JSON.parse(body) as TeamEvent };
}
