import { sql } from 'kysely';
import type { Database, Schema } from '../database/database.ts';

/** How far the log was read. One row. Times are milliseconds since the Unix epoch. */
export interface PlaceTable {
  readonly id: number;
  readonly history: string;
  readonly revision: number;
  /** Who reads on has the next term, and may write until somebody else does. */
  readonly term: number;
  /** 0: the ends of what was there before are not known yet. */
  readonly is_filled: number;
}

export interface EventTable {
  readonly id: string;
  readonly event: string;
  readonly happened_at: number;
  /** When it came here; no two have the same. */
  readonly place: number;
  /** ` platform shop `: each between spaces. */
  readonly teams: string;
  /** JSON. */
  readonly body: string;
  /** 0: nobody was looked for who wants to hear of it. */
  readonly is_told: number;
}

export type DeliveryState = 'waiting' | 'delivered' | 'dead';

export interface DeliveryTable {
  readonly id: string;
  readonly event_id: string;
  /** As `receiver.ts` writes it. */
  readonly receiver: string;
  readonly state: string;
  readonly attempts: number;
  /** When to send it next. */
  readonly due_at: number;
  /** From when on a day is counted. */
  readonly since_at: number;
  /** When it was sent last; 0: never. */
  readonly sent_at: number;
  /** What came of it, without what was sent or answered. */
  readonly detail: string;
}

/** What people have chosen for themselves. */
export interface SubscriptionTable {
  readonly id: string;
  readonly person: string;
  /** JSON: names and patterns. */
  readonly events: string;
  readonly address: string;
  readonly created_at: number;
}

export interface DeadlineTable {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly part: string;
  readonly ends_at: number;
  /** When to tell of it next. */
  readonly next_at: number;
}

/** How what is looked at stood when it was told of last. */
export interface StandingTable {
  readonly subject: string;
  readonly standing: string;
  readonly since_at: number;
}

export interface NotifyTables {
  readonly notify_place: PlaceTable;
  readonly notify_event: EventTable;
  readonly notify_delivery: DeliveryTable;
  readonly notify_subscription: SubscriptionTable;
  readonly notify_deadline: DeadlineTable;
  readonly notify_standing: StandingTable;
}

export type NotifyDatabase = Database<NotifyTables>;

export const notifySchema: Schema = {
  part: 'notify',
  migrations: [{ version: 1, up: createTables }],
};

async function createTables({ engine, kysely }: Pick<Database<unknown>, 'engine' | 'kysely'>): Promise<void> {
  const text = engine === 'sqlite' ? 'text NOT NULL' : 'text COLLATE "C" NOT NULL';
  const number = 'bigint NOT NULL';
  const place = engine === 'sqlite' ? 'integer PRIMARY KEY' : 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY';
  const statements = [
    `CREATE TABLE notify_place (id integer PRIMARY KEY, history ${text}, revision ${number}, term ${number},
      is_filled integer NOT NULL)`,
    `CREATE TABLE notify_event (place ${place}, id ${text} UNIQUE, event ${text}, happened_at ${number}, teams ${text},
      body ${text}, is_told integer NOT NULL)`,
    'CREATE INDEX notify_event_untold ON notify_event (place) WHERE is_told = 0',
    `CREATE TABLE notify_delivery (id ${text} PRIMARY KEY, event_id ${text}, receiver ${text}, state ${text},
      attempts ${number}, due_at ${number}, since_at ${number}, sent_at ${number}, detail ${text})`,
    'CREATE INDEX notify_delivery_due ON notify_delivery (state, receiver, due_at)',
    'CREATE INDEX notify_delivery_event ON notify_delivery (event_id)',
    `CREATE TABLE notify_subscription (id ${text} PRIMARY KEY, person ${text}, events ${text}, address ${text},
      created_at ${number})`,
    `CREATE TABLE notify_deadline (kind ${text}, namespace ${text}, name ${text}, part ${text}, ends_at ${number},
      next_at ${number}, PRIMARY KEY (kind, namespace, name, part))`,
    'CREATE INDEX notify_deadline_next ON notify_deadline (next_at)',
    `CREATE TABLE notify_standing (subject ${text} PRIMARY KEY, standing ${text}, since_at ${number})`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(kysely);
}
