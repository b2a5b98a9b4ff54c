/**
 * Why a credential was not judged.
 * `failed`: whoever was asked gave no answer that can be used. `open`: it has failed so often that it is asked once in a
 * while alone. `late`: it was asked, and has not answered in time. `busy`: too many wait to be asked. `gone`: the caller
 * has left.
 */
export type InquiryOutcome = 'failed' | 'open' | 'late' | 'busy' | 'gone';

/** The message is a sentence without the credential. */
export class InquiryFault extends Error {
  override name = 'InquiryFault';
  readonly outcome: InquiryOutcome;
  /** After which it is worth asking again. */
  readonly retryInMs: number;
  constructor(outcome: InquiryOutcome, message: string, retryInMs = 1000) {
    super(message);
    this.outcome = outcome;
    this.retryInMs = retryInMs;
  }
}
