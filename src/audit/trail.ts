import type { AuditEvent } from './event.ts';

/**
 * Keeps events, in the order in which they come. The same event again within a minute (same caller, same everything) is
 * counted, and kept with its count when the minute is over.
 */
export interface AuditTrail {
  /**
   * For what must not happen unseen: await it before the answer is given, and refuse if it rejects.
   * @throws DatabaseFault (rejects with it, within seconds) where the event can't be kept
   */
  record(event: AuditEvent): Promise<void>;
  /** For what has happened already, such as a denial. It never throws and never waits: the event is kept soon. */
  note(event: AuditEvent): void;
}
