/**
 * Why a credential was not judged. `failed`: the server gave no usable answer. `open`: it has failed so often that it
 * is asked only once in a while. `late`: it did not answer in time. `busy`: too many others wait. `gone`: the caller
 * has left.
 */
export type InquiryOutcome = 'failed' | 'open' | 'late' | 'busy' | 'gone';

/** An inquiry ended without an answer. The message is a sentence without the credential. */
export class InquiryFault extends Error {
  override name = 'InquiryFault';
  readonly outcome: InquiryOutcome;
  /** After this time it is worth asking again. */
  readonly retryInMs: number;
  constructor(outcome: InquiryOutcome, message: string, retryInMs = 1000) {
    super(message);
    this.outcome = outcome;
    this.retryInMs = retryInMs;
  }
}
