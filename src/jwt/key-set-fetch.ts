import type { Timers } from './timers.ts';

/** How a fetch of a key set ended; a label of metrics. */
export type FetchOutcome = 'success' | 'timeout' | 'unreachable' | 'redirect' | 'status' | 'too_large' | 'malformed';

/** A fetch brought no key set. The message is a sentence without the URL and without what was answered. */
export class FetchFault extends Error {
  override name = 'FetchFault';
  readonly outcome: FetchOutcome;
  /** Nobody has answered, or a proxy in the issuer's place. */
  readonly isAway: boolean;
  constructor(outcome: FetchOutcome, message: string, isAway = outcome === 'timeout' || outcome === 'unreachable') {
    super(message);
    this.outcome = outcome;
    this.isAway = isAway;
  }
}

const MAXIMUM_SET_BYTES = 1024 * 1024;

/** One request; redirects are answers. Node's fetch is one such. Rejects where no answer comes, or the signal is aborted. */
export type KeySetRequest = (
  url: string,
  how: {
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
    readonly headers: Readonly<Record<string, string>>;
    /** What the signal can't end ends after so many milliseconds of silence. */
    readonly timeoutMs: number;
  },
) => Promise<{ readonly status: number; readonly body: AsyncIterable<Uint8Array> | null }>;

export interface FetchSettings {
  readonly fetch: KeySetRequest;
  readonly timers: Timers;
  /** For the whole of it, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Ends the fetch before its time. */
  readonly signal: AbortSignal;
}

/**
 * Fetches the text at a URL: one request, no redirect followed, at most 1 MiB.
 * @throws FetchFault
 */
export async function fetchText(url: string, settings: FetchSettings): Promise<string> {
  const { timeoutMs } = settings;
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  let timedOut = false;
  const cancel = settings.timers.after(timeoutMs, () => {
    timedOut = true;
    abort();
  });
  settings.signal.addEventListener('abort', abort);
  if (settings.signal.aborted) abort();
  try {
    const response = await settings.fetch(url, {
      redirect: 'manual',
      signal: controller.signal,
      timeoutMs,
      headers: {
        accept: 'application/jwk-set+json, application/json',
        'accept-encoding': 'identity',
        // A key that was withdrawn must not come back from somebody's cache.
        'cache-control': 'no-cache',
      },
    });
    return await readText(response);
  } catch (error) {
    if (timedOut) throw new FetchFault('timeout', `no answer within ${timeoutMs} ms`);
    throw error instanceof FetchFault ? error : new FetchFault('unreachable', `it can't be reached${codeOf(error)}`);
  } finally {
    cancel();
    settings.signal.removeEventListener('abort', abort);
    // Whatever is left of a body that was refused.
    abort();
  }
}

async function readText(response: Awaited<ReturnType<KeySetRequest>>): Promise<string> {
  const { status } = response;
  if (status >= 300 && status < 400) {
    throw new FetchFault('redirect', `it answers ${status}, and redirects are not followed: give the final URL`);
  }
  if (status !== 200) throw new FetchFault('status', `it answers ${status}`, status >= 500);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAXIMUM_SET_BYTES) throw new FetchFault('too_large', `it answers more than ${MAXIMUM_SET_BYTES} bytes`);
    chunks.push(chunk);
  }
  // Without the byte-order mark that some editors put before it.
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
}

/** Such as ` (ECONNREFUSED)`: the code alone, since messages can hold more than is to be told. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? ` (${code})` : '';
}
