import type { Inside } from '../database/inside.ts';
import type { AuditAction, AuditEvent } from './event.ts';

/** Somebody has read too many different things within a minute to have a row for each. */
export class TooManyEvents extends Error {
  override readonly name = 'TooManyEvents';

  constructor(action: AuditAction, most: number) {
    super(
      `more than ${most} different ones of ${action} within a minute: wait a minute: the audit trail keeps each of them`,
    );
  }
}

/**
 * Keeps events, in the order in which they come. The same event again within a minute (same caller, same everything) is
 * counted, and kept with its count when the minute is over.
 */
export interface AuditTrail {
  /**
   * For what must not happen unseen: await it before the answer is given, and refuse if it rejects.
   * @throws DatabaseFault (rejects with it, within seconds) where the event can't be kept
   * @throws TooManyEvents (rejects with it) where the caller has read too much: what was done is never refused for that
   */
  record(event: AuditEvent): Promise<void>;
  /**
   * For what is done in the same database: it is done and kept, or neither.
   * @param work within a transaction, and nothing beside that
   * @param eventsOf of what was done; undefined: there is nothing to tell
   * @throws what `work` and `eventsOf` throw (rejects with it), and DatabaseFault: then nothing was done
   */
  recorded<Result>(
    work: (inside: Inside) => Promise<Result>,
    eventsOf: (result: Result) => AuditEvent | readonly AuditEvent[] | undefined,
  ): Promise<Result>;
  /** For what has happened already, such as a denial. It never throws and never waits: the event is kept soon. */
  note(event: AuditEvent): void;
}
