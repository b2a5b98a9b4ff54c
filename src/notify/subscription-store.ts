import type { NotifyDatabase } from './tables.ts';

/** What a person has chosen to hear of, by mail. */
export interface PersonSubscription {
  readonly id: string;
  /** As the audit has it, such as `user:alice@example.com`. */
  readonly person: string;
  /** Names of events and patterns. */
  readonly events: readonly string[];
  readonly address: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** What people have chosen survives a restore; events and deliveries do not: they were told where they happened. */
export const SUBSCRIPTION_BACKUP_TABLE = {
  name: 'notify_subscription',
  columns: { id: 'text', person: 'text', events: 'text', address: 'text', created_at: 'integer' },
  key: ['id'],
} as const;

export class SubscriptionStore {
  readonly #database: NotifyDatabase;

  constructor(database: NotifyDatabase) {
    this.#database = database;
  }

  /** @param of undefined: of everybody */
  async list(of: string | undefined): Promise<readonly PersonSubscription[]> {
    let query = this.#database.kysely.selectFrom('notify_subscription').selectAll();
    if (of !== undefined) query = query.where('person', '=', of);
    const rows = await query.orderBy('created_at').orderBy('id').execute();
    return rows.map(({ id, person, address, created_at: createdAt, events }) => {
      return { id, person, address, createdAt, events: JSON.parse(events) as readonly string[] };
    });
  }

  async add({ id, person, events, address, createdAt: created_at }: PersonSubscription): Promise<void> {
    await this.#database.kysely
      .insertInto('notify_subscription')
      .values({ id, person, events: JSON.stringify(events), address, created_at })
      .execute();
  }

  /** @returns whether they had one of this id */
  async remove(person: string, id: string): Promise<boolean> {
    const { numDeletedRows } = await this.#database.kysely
      .deleteFrom('notify_subscription')
      .where('person', '=', person)
      .where('id', '=', id)
      .executeTakeFirst();
    return numDeletedRows === 1n;
  }
}
