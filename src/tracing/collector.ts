import { bodyText } from '../egress/body-text.ts';
import type { EgressTransport } from '../egress/transport.ts';
import { partialSuccess } from '../otlp.ts';

/** The result of sending a batch. */
export type Delivery =
  /** The collector accepted the batch, but refused so many of its spans, and may say why. */
  | { readonly result: 'taken'; readonly refused: number; readonly detail: string }
  /** The collector refused the batch for good. */
  | { readonly result: 'refused'; readonly detail: string }
  /** The collector may accept the batch later. */
  | { readonly result: 'failed'; readonly detail: string };

/** Sends a batch. Never rejects. */
export type Deliver = (body: Uint8Array) => Promise<Delivery>;

export interface CollectorOptions {
  readonly transport: EgressTransport;
  readonly url: string;
  /** Headers of the operator, such as a token for the collector. */
  readonly headers: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 10_000;
/** Statuses after which a client tries again (OTLP, "Retryable Response Codes"). */
const RETRYABLE = new Set([429, 502, 503, 504]);
const MAX_ANSWER_BYTES = 16 * 1024;
const MAX_DETAIL = 200;

/** OTLP over HTTP: `ExportTraceServiceRequest` as JSON, compressed. */
export function collector({ transport, url, headers }: CollectorOptions): Deliver {
  return async (body) => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const { status, body: answer } = await transport(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body,
        signal: timeout,
        timeoutMs: TIMEOUT_MS,
      });
      const text = (await bodyText(answer, MAX_ANSWER_BYTES)) ?? '';
      if (status >= 200 && status < 300) {
        const { rejected, detail } = partialSuccess(text, 'rejectedSpans');
        return { result: 'taken', refused: rejected, detail };
      }
      const detail = `status ${status}`;
      if (RETRYABLE.has(status)) return { result: 'failed', detail };
      return { result: 'refused', detail };
    } catch (error) {
      const detail = timeout.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : causeOf(error);
      return { result: 'failed', detail };
    }
  };
}

/** Such as `connect ECONNREFUSED 127.0.0.1:4318`. */
function causeOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, MAX_DETAIL) : 'it can not be reached';
}
