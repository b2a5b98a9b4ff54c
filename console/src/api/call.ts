/** What a method of the control plane takes and gives, in protobuf's JSON. */
export interface Method<Request, Response> {
  readonly path: string;
  /** Types alone: no value has them. */
  readonly types?: readonly [Request, Response];
}

/** @param name such as `ResourceService/List` */
export function method<Request, Response>(name: string): Method<Request, Response> {
  return { path: `/ostiary.v1.${name}` };
}

/** A method was refused, or not reached: `code` is Connect's, or `unreachable`. */
export class CallError extends Error {
  override name = 'CallError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Whatever was thrown, as an error of a call. */
export function callErrorOf(error: unknown): CallError {
  return error instanceof CallError ? error : new CallError('unknown', String(error));
}

let reenter: (() => Promise<void>) | undefined;

/**
 * Says what becomes of calls while nobody is logged in: they wait until somebody is again, and are then made once more.
 * @param again resolves then
 */
export function waitForLogin(again: () => Promise<void>): void {
  reenter = again;
}

/** After a call was refused because nobody is logged in. @throws CallError (rejects with it): there is nothing to wait for */
export async function loggedInAgain(refusal: CallError): Promise<void> {
  if (refusal.code !== 'unauthenticated' || reenter === undefined) throw refusal;
  await reenter();
}

/** Calls over Connect in JSON (https://connectrpc.com/docs/protocol). @throws CallError (rejects with it) */
export async function call<Request, Response>(
  { path }: Method<Request, Response>,
  request: Request,
  signal?: AbortSignal,
): Promise<Response> {
  const answer = await send(path, 'application/json', JSON.stringify(request), signal);
  try {
    return JSON.parse(await answer.text()) as Response;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new CallError('unreachable', 'the answer was cut');
  }
}

/** @returns an answer that is none of an error @throws CallError (rejects with it) */
export async function send(
  path: string,
  type: string,
  body: string | Uint8Array<ArrayBuffer>,
  signal?: AbortSignal,
): Promise<globalThis.Response> {
  for (;;) {
    const answer = await fetched(path, type, body, signal);
    if (answer.ok) return answer;
    // Nothing was done: it was refused before it was read.
    await loggedInAgain(errorOf(await answer.text(), answer.status));
    signal?.throwIfAborted();
  }
}

async function fetched(
  path: string,
  type: string,
  body: string | Uint8Array<ArrayBuffer>,
  signal?: AbortSignal,
): Promise<globalThis.Response> {
  try {
    return await fetch(path, {
      method: 'POST',
      // The last one no page of elsewhere may send: by it the control plane takes the cookie.
      headers: { 'content-type': type, 'connect-protocol-version': '1', 'x-ostiary-csrf': '1' },
      body,
      credentials: 'same-origin',
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new CallError('unreachable', 'It may be starting again, or the network is away.');
  }
}

function errorOf(text: string, status: number): CallError {
  try {
    const { code, message } = JSON.parse(text) as { readonly code?: string; readonly message?: string };
    if (code !== undefined) return new CallError(code, message ?? code);
  } catch {
    // A proxy answered in its own words.
  }
  return status === 502 || status === 503 || status === 504
    ? new CallError('unreachable', `the answer was ${status}`)
    : new CallError('unknown', `the answer was ${status}`);
}
