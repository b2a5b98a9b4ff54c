import type { SampleArchive } from '../analytics/sampled-request.ts';
import type { Answer, Question, SlotArchive } from '../rollup/question.ts';

/** What the analytics service needs from its process. */
export interface AnalyticsDesk {
  /** Undefined: no history is kept. */
  readonly archive: SlotArchive | undefined;
  /** Undefined: no samples are kept. */
  readonly samples: SampleArchive | undefined;
  /** The Envoys whose entries are missing, the worst first; absent: unknown here. */
  unreportedBy?(sinceMs: number, untilMs: number): readonly UnreportedBy[];
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
