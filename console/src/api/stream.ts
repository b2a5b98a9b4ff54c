import { CallError, loggedInAgain, send } from './call.ts';
import type { Method } from './call.ts';

const ENDS = 2;
const HEAD_BYTES = 5;

/**
 * The messages of a method that answers with a stream (https://connectrpc.com/docs/protocol, "Streaming RPCs").
 * @throws CallError (rejects with it) once it ends otherwise than the server meant it to
 */
export async function* stream<Request, Response>(
  { path }: Method<Request, Response>,
  request: Request,
  signal: AbortSignal,
): AsyncGenerator<Response> {
  const answer = await send(path, 'application/connect+json', framed(JSON.stringify(request)), signal);
  if (answer.body === null) throw new CallError('unreachable', 'the stream is empty');
  const frames = new Frames();
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await read(reader, signal);
    if (done) throw new CallError('unreachable', 'the stream was cut');
    for (const { flags, text } of frames.take(value)) {
      if ((flags & ENDS) === 0) {
        yield JSON.parse(text) as Response;
        continue;
      }
      const { error } = JSON.parse(text) as { readonly error?: { readonly code: string; readonly message?: string } };
      if (error === undefined) return;
      await loggedInAgain(new CallError(error.code, error.message ?? error.code));
      throw new CallError('unreachable', 'the stream has ended with the session');
    }
  }
}

/** @throws CallError (rejects with it) where the connection is lost */
async function read(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> {
  try {
    return await reader.read();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new CallError('unreachable', 'the stream was cut');
  }
}

function framed(text: string): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(text);
  const frame = new Uint8Array(HEAD_BYTES + body.length);
  new DataView(frame.buffer).setUint32(1, body.length);
  frame.set(body, HEAD_BYTES);
  return frame;
}

/** Cuts what comes into frames: a byte of flags, four of length, and the text. */
export class Frames {
  #rest = new Uint8Array(0);

  *take(bytes: Uint8Array): Generator<{ readonly flags: number; readonly text: string }> {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    let at = 0;
    while (all.length - at >= HEAD_BYTES) {
      const length = new DataView(all.buffer, at).getUint32(1);
      const end = at + HEAD_BYTES + length;
      if (end > all.length) break;
      const text = new TextDecoder().decode(all.subarray(at + HEAD_BYTES, end));
      yield { flags: all[at] as number, text };
      at = end;
    }
    this.#rest = all.slice(at);
  }
}
