import type { RequestEvent } from '../analytics/event.ts';
import type { Step } from '../decision/decision.ts';
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

export interface SampleQuestion {
  /** Milliseconds since the Unix epoch: requests received from here on, and before `untilMs`. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Absent: of any. */
  readonly api?: string;
  readonly client?: string;
  readonly reason?: string;
  readonly most: number;
}

export interface SampledRequest {
  readonly event: RequestEvent;
  /** What each policy did, in the order of the decision; empty where it is not known. */
  readonly steps: readonly SampledStep[];
}

export interface SampledStep {
  readonly name: string;
  /** The kind, such as `rate-limiting`. */
  readonly policy: string;
  readonly mode: Step['mode'];
  readonly result: Step['result'];
  /** Of a denial. */
  readonly reason?: string;
  readonly durationMs: number;
}

export interface SampleArchive {
  /** @returns the latest first */
  find(question: SampleQuestion): readonly SampledRequest[] | Promise<readonly SampledRequest[]>;
}

/** What is kept can't be read just now. The message is a sentence for operators. */
export class ArchiveUnavailable extends Error {
  override name = 'ArchiveUnavailable';
}
