/** An API server refused, or did not answer. The message is for people, and holds no credential. */
export class KubernetesFault extends Error {
  override name = 'KubernetesFault';
  /** The HTTP status; 0: there was no answer. */
  readonly status: number;
  /** In CamelCase, as the server has it, such as `Forbidden` or `Expired`; empty: it said none. */
  readonly reason: string;
  /** How long the server wants to be left alone; undefined: it did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    { status = 0, reason = '', retryAfterMs }: { status?: number; reason?: string; retryAfterMs?: number | undefined },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }

  /** The server no longer has the changes since the resource version, or the rest of a list: list anew. */
  get isExpired(): boolean {
    return this.status === 410 || this.reason === 'Expired' || this.reason === 'Gone';
  }
}

/** @param status the `Status` of an answer, or of an `ERROR` in a watch */
export function faultOfStatus(what: string, code: number, status: unknown, retryAfter?: string): KubernetesFault {
  const { message, reason, details } = Object(status) as { message?: unknown; reason?: unknown; details?: unknown };
  const { retryAfterSeconds, causes } = Object(details) as { retryAfterSeconds?: unknown; causes?: unknown };
  const [cause] = Array.isArray(causes) ? (causes as readonly { reason?: unknown }[]) : [];
  // What a watch was asked from is of a later time than the server knows: its reason is `Timeout`, and this the cause.
  const isTooLarge = cause?.reason === 'ResourceVersionTooLarge';
  const seconds = Number(retryAfter ?? retryAfterSeconds);
  return new KubernetesFault(`${what}: ${typeof message === 'string' ? message : `answered with status ${code}`}`, {
    status: code,
    reason: isTooLarge ? 'ResourceVersionTooLarge' : typeof reason === 'string' ? reason : '',
    retryAfterMs: seconds > 0 ? seconds * 1000 : undefined,
  });
}
