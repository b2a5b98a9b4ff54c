import type { EventTaker } from '../analytics/event.ts';

/** Where events go. */
export interface Sink extends EventTaker {
  /**
   * Sends what it can, keeps in the spool what it can't, and drops the rest. Takes nothing afterwards.
   * @param leftMs the longest that it may take
   */
  close(leftMs: number): Promise<void>;
}
