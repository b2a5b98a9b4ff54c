import type { Clock } from '../clock.ts';
import type { Inside } from '../database/inside.ts';
import type { CountedEvent } from './chain.ts';
import type { AuditEvent } from './event.ts';
import type { AuditStore } from './store.ts';
import type { AuditTrail } from './trail.ts';
import type { AuditObserver } from './writer.ts';

export interface RecordedPorts {
  readonly store: Pick<AuditStore, 'appendWithin' | 'database'>;
  readonly clock: Clock;
  readonly observer?: AuditObserver;
}

/** Events of what is done in the same database. None of them is counted with others: each thing that was done has a row. */
export function recordedOn({ clock, observer, store }: RecordedPorts): AuditTrail['recorded'] {
  return async (work, eventsOf) => {
    let kept: readonly CountedEvent[] = [];
    const result = await store.database.kysely.transaction().execute(async (inside) => {
      const done = await work(inside as unknown as Inside);
      const at = clock.now();
      kept = [eventsOf(done) ?? []].flat().map((event) => countedOf(event, at));
      // Last: whoever holds the end of the chain waits for nobody.
      if (kept.length > 0) await store.appendWithin(inside, kept);
      return done;
    });
    for (const { action, outcome, count } of kept) observer?.kept(action, outcome, count);
    return result;
  };
}

function countedOf(event: AuditEvent, at: number): CountedEvent {
  return { ...event, count: 1, at, untilMs: at };
}
