import type { Transaction } from 'kysely';
import type { Deadline } from './deadlines.ts';
import type { NotifyTables } from './tables.ts';

export type Inside = Transaction<NotifyTables>;

/** Something that ends, with when to tell of it next. */
export interface AwaitedDeadline extends Deadline {
  readonly nextAt: number;
}

export async function dropDeadline(inside: Inside, key: Omit<Deadline, 'endsAt'>): Promise<void> {
  await inside
    .deleteFrom('notify_deadline')
    .where('kind', '=', key.kind)
    .where('namespace', '=', key.namespace)
    .where('name', '=', key.name)
    .where('part', '=', key.part)
    .execute();
}

export async function putDeadline(inside: Inside, deadline: AwaitedDeadline): Promise<void> {
  const { kind, namespace, name, part, endsAt: ends_at, nextAt: next_at } = deadline;
  await inside
    .insertInto('notify_deadline')
    .values({ kind, namespace, name, part, ends_at, next_at })
    .onConflict((conflict) => conflict.columns(['kind', 'namespace', 'name', 'part']).doUpdateSet({ ends_at, next_at }))
    .execute();
}

export async function putStanding(inside: Inside, subject: string, standing: string, since_at: number): Promise<void> {
  if (standing === '') {
    await inside.deleteFrom('notify_standing').where('subject', '=', subject).execute();
    return;
  }
  await inside
    .insertInto('notify_standing')
    .values({ subject, standing, since_at })
    .onConflict((conflict) => conflict.column('subject').doUpdateSet({ standing, since_at }))
    .execute();
}
