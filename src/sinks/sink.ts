import type { EventTaker } from '../analytics/event.ts';

/** A destination of events. */
export interface Sink extends EventTaker {
  /**
   * Sends what it can, keeps the rest in the spool, and drops it if there is none. Accepts nothing afterwards.
   * @param leftMs the longest time that it may take
   */
  close(leftMs: number): Promise<void>;
}
