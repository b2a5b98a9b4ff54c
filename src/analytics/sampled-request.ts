import type { Condition } from '../rollup/question.ts';
import type { RequestEvent } from './event.ts';

/** One request with more detail than is counted. */
export interface SampledRequest {
  readonly event: RequestEvent;
  /** What each policy did, in the order of the decision; empty if it is unknown. */
  readonly steps: readonly SampledStep[];
}

export interface SampledStep {
  /** The binding's name, or `<api>/<name>` for an API's own policy. */
  readonly name: string;
  /** The kind, such as `rate-limiting`. */
  readonly policy: string;
  readonly mode: 'enforce' | 'shadow';
  readonly result: 'allow' | 'deny' | 'answer' | 'not_applicable' | 'not_reached' | 'failed';
  /** The reason of a denial. */
  readonly reason?: string;
  /** The detail of a denial for operators; it never contains a secret or a token. */
  readonly detail?: string;
  readonly durationMs: number;
}

export interface SampleQuestion {
  /** Milliseconds since the Unix epoch: requests received from here on, and before `untilMs`. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Absent: requests of all APIs. */
  readonly api?: string;
  /** The name of the client application. */
  readonly client?: string;
  readonly reason?: string;
  /** The id of the sample. */
  readonly id?: string;
  /** Requests that meet all of these. */
  readonly where?: readonly Condition[];
  /** Requests to one of these APIs, or of one of these client applications. Absent: all. Only a control plane is asked so. */
  readonly within?: { readonly apis: readonly string[]; readonly clients: readonly string[] };
  readonly most: number;
}

/** Answers questions about samples. */
export interface SampleArchive {
  /** @returns the latest first */
  find(question: SampleQuestion): readonly SampledRequest[] | Promise<readonly SampledRequest[]>;
}
