const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nobody listens there'],
  ['ECONNRESET', 'it has closed the connection without an answer'],
  ['EHOSTUNREACH', 'there is no way to it from here'],
  ['ENETUNREACH', 'there is no way to it from here'],
  ['ENOTFOUND', 'its name is not known here'],
  ['EAI_AGAIN', 'its name could not be looked up'],
  ['ETIMEDOUT', 'it does not answer'],
  ['ENOENT', 'there is no such socket'],
  ['EACCES', 'its socket may not be opened'],
  ['EPROTO', 'it does not speak TLS there'],
]);

/** Why something does not answer, in words. */
export function silenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code = '' } = error as NodeJS.ErrnoException;
  // With several addresses of a name, each has an error of its own.
  if (error instanceof AggregateError && error.errors.length > 0) return silenceOf(error.errors[0]);
  if (code.startsWith('HPE_')) return 'it does not speak HTTP/1.1';
  return REASONS.get(code) ?? error.message;
}
