import type { Timers } from '../clock.ts';
import { bodyText } from './body-text.ts';
import { egressConnect } from './connect.ts';
import type { EgressConnect } from './connect.ts';
import { EgressFault, faultOf } from './fault.ts';
import { systemResolve } from './lookup.ts';
import type { Resolve } from './lookup.ts';
import type { EgressRules } from './rules.ts';
import type { EgressTransport, Received, TlsMaterial } from './transport.ts';

/** One call to a URL of a document. */
export interface EgressCall {
  readonly url: string;
  /** Default GET. */
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Absent: the system's authorities, and no certificate of our own. Calls with the same object share connections. */
  readonly tls?: TlsMaterial | undefined;
  /** Time for the whole call, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Time for the connection alone, TLS included. */
  readonly connectTimeoutMs?: number;
  /** The largest answer, after decompression. */
  readonly maxBytes: number;
  /** Ends the call before its time. */
  readonly signal?: AbortSignal;
}

export interface EgressAnswer {
  /** Any status: a redirect is an answer, and is not followed. */
  readonly status: number;
  /** In lower case, without parameters. Empty if the answer has none. */
  readonly contentType: string;
  /** Without a byte-order mark. Empty if the status is neither 2xx nor 4xx, or if a 4xx has a body that is too large. */
  readonly text: string;
}

/** The one client for everything that documents name by URL. */
export interface Egress {
  readonly rules: EgressRules;
  /** @throws EgressFault (rejects with it) */
  call(call: EgressCall): Promise<EgressAnswer>;
  /** Opens a connection for protocols other than HTTP. */
  readonly connect: EgressConnect;
}

export interface EgressOptions {
  readonly transport: EgressTransport;
  readonly timers: Timers;
  readonly rules: EgressRules;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
}

export function createEgress({ transport, timers, rules, resolve = systemResolve() }: EgressOptions): Egress {
  return {
    rules,
    call: (call) => boundedCall(call, transport, timers),
    connect: egressConnect({ rules, resolve, timers }),
  };
}

/**
 * Makes one call, within its time and its size.
 * @throws EgressFault (rejects with it)
 */
export async function boundedCall(call: EgressCall, transport: EgressTransport, timers: Timers): Promise<EgressAnswer> {
  const { url, method, body, tls, timeoutMs, connectTimeoutMs, maxBytes, signal } = call;
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  let timedOut = false;
  const cancel = timers.after(timeoutMs, () => {
    timedOut = true;
    abort();
  });
  signal?.addEventListener('abort', abort);
  if (signal?.aborted === true) abort();
  try {
    const received = await transport(url, {
      ...(method && { method }),
      headers: { 'accept-encoding': 'identity', ...call.headers },
      body,
      tls,
      timeoutMs,
      connectTimeoutMs,
      signal: controller.signal,
    });
    return await answerOf(received, maxBytes);
  } catch (error) {
    if (timedOut) throw new EgressFault('timeout', `no answer within ${timeoutMs} ms`);
    throw faultOf(error);
  } finally {
    cancel();
    signal?.removeEventListener('abort', abort);
    // Discards the rest of a body that was refused.
    abort();
  }
}

async function answerOf({ status, contentType = '', body }: Received, maxBytes: number): Promise<EgressAnswer> {
  const isSuccess = status >= 200 && status < 300;
  const isRefusal = status >= 400 && status < 500;
  const text = isSuccess || isRefusal ? await bodyText(body, maxBytes) : '';
  if (text === undefined && isSuccess) throw new EgressFault('too_large', `it answers more than ${maxBytes} bytes`);
  return {
    status,
    contentType: contentType
      .replace(/;[^]*$/, '')
      .trim()
      .toLowerCase(),
    text: text ?? '',
  };
}
