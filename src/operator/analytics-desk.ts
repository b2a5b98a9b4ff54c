import type { SampleArchive } from '../analytics/sampled-request.ts';
import type { Answer, Question, SlotArchive } from '../rollup/question.ts';

/** What the service of analytics needs of the process it is asked in. */
export interface AnalyticsDesk {
  /** Undefined: no history is kept. */
  readonly archive: SlotArchive | undefined;
  /** Undefined: no samples are kept. */
  readonly samples: SampleArchive | undefined;
  /** The Envoys whose entries did not come, the worst first; absent: it is not known here. */
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

/** What is kept can't be read just now. The message is a sentence for operators. */
export class ArchiveUnavailable extends Error {
  override name = 'ArchiveUnavailable';
}
