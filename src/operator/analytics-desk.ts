import type { SampleArchive } from '../analytics/sampled-request.ts';
import type { Answer, Question, SlotArchive } from '../rollup/question.ts';

/** What the analytics service needs from its process. */
export interface AnalyticsDesk {
  /** Undefined: no history is kept. */
  readonly archive: SlotArchive | undefined;
  /** Undefined: no samples are kept. */
  readonly samples: SampleArchive | undefined;
  /** Whoever asks may know of some requests alone: what is known of all of them is not told. */
  readonly isOfSome?: boolean;
  /** The Envoys whose entries are missing, the worst first; absent: unknown here. */
  unreportedBy?(sinceMs: number, untilMs: number): readonly UnreportedBy[];
  /** The nodes whose counts of this time have not all come, those that are missing for longest first; absent: there is one node. */
  missing?(sinceMs: number, untilMs: number): Promise<readonly MissingNode[]>;
}

export interface MissingNode {
  readonly node: string;
  /** Its counts are there up to here, in milliseconds since the Unix epoch. */
  readonly sinceMs: number;
}

/** Asks the archive. */
export type Ask = (question: Question) => Promise<Answer>;

export interface UnreportedBy {
  /** Its address, as callers reach it. */
  readonly envoy: string;
  readonly decided: number;
  readonly unreported: number;
}

/** The archive can't be read at the moment. The message is a sentence for operators. */
export class ArchiveUnavailable extends Error {
  override name = 'ArchiveUnavailable';
}
