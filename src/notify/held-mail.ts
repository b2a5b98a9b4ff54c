import { sql } from 'kysely';
import { tableOf } from '../database/table-of.ts';
import type { Attempted, Delivery } from './delivery-store.ts';
import type { TeamEvent } from './event.ts';
import type { NotifyDatabase } from './tables.ts';

const HOUR_MS = 3_600_000;
/** What the details of deliveries begin with: the bound is counted by them, whichever process sends. */
const HELD = 'held back: ';
const WITHIN = 'within the mail of ';

/** Bounds the mails that an address is sent in an hour. What is beyond waits, and is told in one mail. */
export class HeldMailStore {
  readonly #database: NotifyDatabase;

  constructor(database: NotifyDatabase) {
    this.#database = database;
  }

  /** When there may be another mail; undefined: now. @param most in an hour */
  async freeAt(receiver: string, most: number, now: number): Promise<number | undefined> {
    const { rows } = await sql<{ sent_at: number }>`SELECT sent_at FROM notify_delivery
      WHERE state = 'delivered' AND receiver = ${receiver} AND sent_at > ${now - HOUR_MS} AND sent_at <= ${now}
        AND detail NOT LIKE ${`${WITHIN}%`} ORDER BY sent_at DESC LIMIT ${most}`.execute(this.#database.kysely);
    const oldest = rows.length < most ? undefined : rows.at(-1);
    return oldest && oldest.sent_at + HOUR_MS;
  }

  /** Has all that waits for a receiver wait until then. */
  async hold(receiver: string, most: number, until: number): Promise<void> {
    const detail = `${HELD}${most} mails were sent within an hour; what waits is sent as one mail`;
    await sql`UPDATE notify_delivery SET due_at = ${until}, detail = ${detail}
      WHERE state = 'waiting' AND receiver = ${receiver} AND due_at < ${until}`.execute(this.#database.kysely);
  }

  /** What is due where some of it was held back, in the order in which it happened; else nothing. */
  async due(receiver: string, now: number): Promise<readonly Delivery[]> {
    const { rows } = await sql<{ id: string; attempts: number; since_at: number; body: string }>`
      SELECT d.id, d.attempts, d.since_at, e.body FROM notify_delivery AS d JOIN notify_event AS e ON e.id = d.event_id
      WHERE d.state = 'waiting' AND d.receiver = ${receiver} AND d.due_at <= ${now}
        AND EXISTS (SELECT 1 FROM notify_delivery AS h WHERE h.state = 'waiting' AND h.receiver = ${receiver}
          AND h.due_at <= ${now} AND h.detail LIKE ${`${HELD}%`})
      ORDER BY e.place`.execute(this.#database.kysely);
    return rows.map(({ id, attempts, since_at: sinceAt, body }) => {
      return { id, receiver, attempts, sinceAt, event: JSON.parse(body) as TeamEvent };
    });
  }

  /** What came of an attempt to send them as one mail: the first of them counts as a mail. */
  async attempted(deliveries: readonly Delivery[], { state, dueAt, at, detail }: Attempted): Promise<void> {
    const { engine, kysely } = this.#database;
    const [first, ...others] = deliveries;
    if (first === undefined) return;
    const isDelivered = state === 'delivered';
    const [own, rest] = isDelivered
      ? [`${detail}, with ${others.length} others that were held back`, `${WITHIN}${first.id}`]
      : state === 'waiting'
        ? [`${HELD}${detail}`, `${HELD}${detail}`]
        : [detail, detail];
    const rows = deliveries.map(({ id }) => [id, id === first.id ? own : rest]);
    await sql`UPDATE notify_delivery SET state = ${state}, due_at = ${dueAt}, sent_at = ${at},
      attempts = notify_delivery.attempts + 1, detail = told.detail
      FROM ${tableOf(engine, { id: 'text', detail: 'text' }, rows)} AS told
      WHERE notify_delivery.id = told.id`.execute(kysely);
  }
}
