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

/** Calls over Connect in JSON (https://connectrpc.com/docs/protocol). @throws CallError (rejects with it) */
export async function call<Request, Response>(
  { path }: Method<Request, Response>,
  request: Request,
  signal?: AbortSignal,
): Promise<Response> {
  const answer = await send(path, 'application/json', JSON.stringify(request), signal);
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text) as Response;
  throw errorOf(text, answer.status);
}

export async function send(
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
    throw new CallError('unreachable', 'the control plane does not answer');
  }
}

export function errorOf(text: string, status: number): CallError {
  try {
    const { code, message } = JSON.parse(text) as { readonly code?: string; readonly message?: string };
    if (code !== undefined) return new CallError(code, message ?? code);
  } catch {
    // A proxy answered in its own words.
  }
  return new CallError('unknown', `the answer was ${status}`);
}
