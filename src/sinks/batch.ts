/** A batch of events, encoded as the body of a request. Each repetition is identical. */
export interface Batch {
  /** The number of events. */
  readonly events: number;
  readonly body: Buffer;
}

/** Why an event did not reach its sink. */
export const DROP_REASONS = [
  /** The memory for waiting events is full. */
  'queue_full',
  /** The spool is at its bound; the oldest events are removed. */
  'spool_full',
  /** The spool can't be read at some place: the disk has failed, or the file was changed. */
  'spool_damaged',
  /** The sink refused the batch because of its content. */
  'refused',
  /** The sink accepted the batch, and refused some of its events. */
  'rejected',
  /** A single event was larger than events can be. */
  'too_large',
  /** The reader of standard output is too slow. */
  'slow_reader',
  /** The process ended before the events were sent, and there is no spool. */
  'shutdown',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Batches in order, until they are sent. What can't be stored is dropped and counted: no method rejects. */
export interface BatchQueue {
  push(batch: Batch): Promise<void>;
  /**
   * Waits for the oldest batch. Returns the same batch again until {@link done} is called; undefined after {@link
   * close}.
   */
  next(): Promise<Batch | undefined>;
  /** To be called when the batch from {@link next} was sent or given up. */
  done(): Promise<void>;
  /** The number of waiting events. */
  readonly events: number;
  /** The memory that they take. */
  readonly memoryBytes: number;
  /** The disk space that they take. */
  readonly diskBytes: number;
  /** Waiting events stay in the spool, or are dropped if there is none. */
  close(): Promise<void>;
}
