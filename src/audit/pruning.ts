import type { AuditKey } from './signing.ts';
import type { AuditStore } from './store.ts';
import { removalEvent } from './removal.ts';

export interface PruneOptions {
  /** Events are kept for so long. */
  readonly keepMs: number;
  /** And no more than so many of them. */
  readonly most: number;
  readonly nowMs: number;
  readonly key: AuditKey;
}

/** Rows of one transaction. */
const AT_ONCE = 10_000;

/**
 * Removes the oldest events that were kept long enough, or are too many. An event says so, signed, with what is needed to
 * verify the ones that are left.
 * @returns how many
 * @throws DatabaseFault (rejects with it)
 */
export async function pruneEvents(store: AuditStore, { keepMs, most, nowMs, key }: PruneOptions): Promise<number> {
  let removed = 0;
  for (;;) {
    const count = await store.database.kysely.transaction().execute(async (inside) => {
      const { sequence } = await store.lockedHead(inside);
      const events = inside.selectFrom('audit_event').select(['sequence', 'happened_at', 'hash']);
      const oldest = await events.orderBy('sequence').limit(AT_ONCE).execute();
      const first = oldest.at(0)?.sequence ?? 0;
      // In their order: those after one that is kept are kept, however old their clock says they are.
      const kept = oldest.findIndex((row) => row.happened_at >= nowMs - keepMs && row.sequence > sequence - most);
      const last = kept < 0 ? oldest.at(-1) : oldest[kept - 1];
      if (last === undefined || last.sequence >= sequence) return 0;
      const { sequence: through, hash } = last;
      const event = removalEvent({ sequence: through, hash }, new Date(last.happened_at).toISOString(), key);
      await store.appendWithin(inside, [{ ...event, count: 1, at: nowMs, untilMs: nowMs }]);
      await inside.deleteFrom('audit_event').where('sequence', '<=', through).execute();
      return through - first + 1;
    });
    removed += count;
    if (count < AT_ONCE) return removed;
  }
}
