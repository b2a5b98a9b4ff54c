import type { HeaderEntry } from '../request/header-entry.ts';

/** A value of Envoy's dynamic metadata. */
export type MetadataValue = string | number | boolean;

/** What a policy adds to the answer beside what it decides. */
export interface Extras {
  /** Headers for the upstream, in addition to what callers and earlier policies set under these names. */
  readonly append?: readonly HeaderEntry[];
  /** Headers for the caller, on an allow, a denial and a direct answer; each replaces one of the same name. */
  readonly response?: readonly HeaderEntry[];
  /** Headers for the caller, in addition to others of the same name. */
  readonly appendResponse?: readonly HeaderEntry[];
  /**
   * Headers that lose their value if the upstream's answer has them, because Envoy can't remove a header from an
   * answer for us. A header that {@link response} sets is not among them.
   */
  readonly emptyResponse?: readonly string[];
  /** For access logs and later filters, on every outcome; it can't replace ostiary's own names. */
  readonly metadata?: Readonly<Record<string, MetadataValue>>;
}

/** A policy that adds the same to many answers should return the same object each time. */
export const NO_EXTRAS: Required<Extras> = {
  append: [],
  response: [],
  appendResponse: [],
  emptyResponse: [],
  metadata: {},
};

/** An answer that ends a request and is not a denial: a CORS preflight, a metadata document. */
export interface DirectAnswer {
  /** 200 to 599. */
  readonly httpStatus: number;
  readonly headers: readonly HeaderEntry[];
  readonly body: string;
}
