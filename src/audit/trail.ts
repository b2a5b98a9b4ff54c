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
  /** For what has happened already, such as a denial. It never throws and never waits: the event is kept soon. */
  note(event: AuditEvent): void;
}
