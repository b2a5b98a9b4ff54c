const LONGEST_DETAIL = 200;

/**
 * Reads an `ExportLogsServiceResponse` in OTLP's JSON. An answer that is none says nothing of refused records: its status
 * has said that they are taken.
 */
export function partialSuccess(answer: string): { readonly rejected: number; readonly detail: string } {
  const none = { rejected: 0, detail: '' };
  if (!answer.includes('partialSuccess')) return none;
  try {
    const { partialSuccess: partial } = JSON.parse(answer) as { partialSuccess?: Readonly<Record<string, unknown>> };
    // A 64-bit number is a text in protobuf's JSON.
    const rejected = Number(partial?.['rejectedLogRecords'] ?? 0);
    if (!Number.isSafeInteger(rejected) || rejected <= 0) return none;
    const message = partial?.['errorMessage'];
    return { rejected, detail: typeof message === 'string' ? message.slice(0, LONGEST_DETAIL) : 'it does not say why' };
  } catch {
    return none;
  }
}
