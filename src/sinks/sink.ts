import type { EventTaker } from '../analytics/event.ts';
import type { Batch } from './batch.ts';

/** A destination of events. */
export interface Sink extends EventTaker {
  /**
   * Takes a batch that another process has made, in this sink's own format.
   * @returns settles when it is kept here, as well as events of our own are; never rejects
   */
  give(batch: Batch): Promise<void>;
  /**
   * Sends what it can, keeps the rest in the spool, and drops it if there is none. Accepts nothing afterwards.
   * @param leftMs the longest time that it may take
   */
  close(leftMs: number): Promise<void>;
}
