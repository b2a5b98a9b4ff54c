/** Events that are sent together: a body that is ready. Each repetition is the same to the byte. */
export interface Batch {
  /** How many. */
  readonly events: number;
  readonly body: Buffer;
}

/** Why an event never reached its sink. */
export const DROP_REASONS = [
  /** Memory for events that wait is full. */
  'queue_full',
  /** The spool has reached its bound: the oldest make room. */
  'spool_full',
  /** The spool can't be read there: the disk, or somebody, has changed it. */
  'spool_damaged',
  /** The sink refused the batch for what it is. */
  'refused',
  /** The sink took the batch, and refused some of its events. */
  'rejected',
  /** One event alone is larger than any is. */
  'too_large',
  /** Nobody reads standard output fast enough. */
  'slow_reader',
  /** The process ended before they could be sent, and there is no spool. */
  'shutdown',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Batches in their order, until they are sent. Whatever can't be kept is dropped and counted: no method rejects. */
export interface BatchQueue {
  push(batch: Batch): Promise<void>;
  /** Waits for the oldest batch; the same again until {@link done}. Undefined after {@link close}. */
  next(): Promise<Batch | undefined>;
  /** The batch that {@link next} gave is sent, or given up. */
  done(): Promise<void>;
  /** Events that wait. */
  readonly events: number;
  /** Of memory. */
  readonly memoryBytes: number;
  /** Of disk. */
  readonly diskBytes: number;
  /** What waits stays in the spool, or is dropped. */
  close(): Promise<void>;
}
