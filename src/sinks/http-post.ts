import type { Clock, Timers } from '../clock.ts';
import { bodyText } from '../egress/body-text.ts';
import { faultOf } from '../egress/fault.ts';
import type { EgressTransport, Received } from '../egress/transport.ts';
import type { Attempt } from './sender.ts';

export interface PostOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

export interface PostPorts {
  readonly transport: EgressTransport;
  readonly timers: Timers;
  readonly clock: Clock;
}

/** The time limit of one attempt. */
const TIMEOUT_MS = 10_000;
/** The part of an answer that is read. */
const MOST_ANSWER_BYTES = 64 * 1024;

/** Statuses with which a server refuses this body for good. */
const REFUSED: ReadonlySet<number> = new Set([400, 406, 411, 413, 414, 415, 422, 431]);
const UNAUTHORISED: ReadonlySet<number> = new Set([401, 403, 407]);
/** Statuses of a sink that exists and may accept the body later. */
const OVERLOADED: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);
/** Statuses of a place where there is no sink: the URL is wrong, or the sink is not set up yet. */
const ABSENT: ReadonlySet<number> = new Set([404, 405, 410]);

/**
 * Posts one body, and judges the answer. Redirects are not followed: events go only to the URL that the operator
 * gave.
 * @param rejectedOf reads from a successful answer how many events were refused, and why
 */
export async function post(
  options: PostOptions,
  { transport, timers, clock }: PostPorts,
  rejectedOf: (answer: string) => { readonly rejected: number; readonly detail: string },
): Promise<Attempt> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  let isLate = false;
  const cancel = timers.after(TIMEOUT_MS, () => {
    isLate = true;
    abort();
  });
  options.signal.addEventListener('abort', abort);
  if (options.signal.aborted) abort();
  try {
    const { url, headers, body } = options;
    const received = await transport(url, {
      method: 'POST',
      headers: { ...headers, 'content-encoding': 'gzip', 'accept-encoding': 'identity' },
      body,
      signal: controller.signal,
      timeoutMs: TIMEOUT_MS,
    });
    const { status, retryAfter } = received;
    // The status says that the events were accepted, whether or not the rest of the answer arrives.
    if (status >= 200 && status < 300) return { kind: 'taken', ...rejectedOf(await answerOf(received)) };
    return judged(status, retryAfterMs(retryAfter, clock.now()));
  } catch (error) {
    if (isLate) return { kind: 'failed', reason: 'timeout', detail: `no answer within ${TIMEOUT_MS / 1000} s` };
    const { outcome, message } = faultOf(error);
    return { kind: 'failed', reason: outcome, detail: message };
  } finally {
    cancel();
    options.signal.removeEventListener('abort', abort);
    // Discards the rest of the answer.
    abort();
  }
}

function judged(status: number, afterMs: number | undefined): Attempt {
  const detail = `it answers with status ${status}`;
  if (REFUSED.has(status)) return { kind: 'refused', detail };
  if (OVERLOADED.has(status)) return { kind: 'failed', reason: 'overloaded', detail, afterMs };
  if (UNAUTHORISED.has(status)) {
    return { kind: 'failed', reason: 'unauthorized', detail: `${detail}: are its headers, such as a token, right?` };
  }
  if (status >= 300 && status < 400) {
    return { kind: 'failed', reason: 'redirected', detail: `${detail}, which is not followed: name the place itself` };
  }
  if (ABSENT.has(status)) return { kind: 'failed', reason: 'absent', detail: `${detail}: is the URL right?` };
  return { kind: 'failed', reason: 'error_status', detail, isSuspect: true };
}

/** Empty if the text does not arrive, or is too long. */
async function answerOf({ body }: Received): Promise<string> {
  try {
    return (await bodyText(body, MOST_ANSWER_BYTES)) ?? '';
  } catch {
    return '';
  }
}

/** RFC 9110, 10.2.3: seconds, or a date. Undefined if it is neither. */
export function retryAfterMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
