// What logs and spans have in common on their way to an OpenTelemetry Collector (OTLP over HTTP, in JSON).

const LONGEST_DETAIL = 200;

/** By the number of a `google.rpc.Code`. */
export const CODE_NAMES: readonly string[] = (
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED ' +
  'RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'
).split(' ');

/**
 * How many of what was sent a collector that took it has refused, and why, if it says so. An answer that can't be read
 * says nothing of that: its status has said that all is taken.
 * @param answer an `Export…ServiceResponse`
 * @param field of `partialSuccess`, with the number
 */
export function partialSuccess(
  answer: string,
  field: 'rejectedLogRecords' | 'rejectedSpans',
): { readonly rejected: number; readonly detail: string } {
  const none = { rejected: 0, detail: '' };
  if (!answer.includes('partialSuccess')) return none;
  try {
    const { partialSuccess: partial } = JSON.parse(answer) as { partialSuccess?: Readonly<Record<string, unknown>> };
    // A 64-bit number is a text in protobuf's JSON.
    const rejected = Number(partial?.[field] ?? 0);
    if (!Number.isSafeInteger(rejected) || rejected <= 0) return none;
    const message = partial?.['errorMessage'];
    return { rejected, detail: typeof message === 'string' ? message.slice(0, LONGEST_DETAIL) : '' };
  } catch {
    return none;
  }
}
