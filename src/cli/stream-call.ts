import { request as requestPlain } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMethodServerStreaming, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { UserError } from '../errors.ts';
import { ApiRefusal, placeOf, refusalOf, silence } from './api-call.ts';
import type { ApiAddress } from './api-call.ts';

/** Before each message: flags, and its length (Connect Protocol, "Streaming RPCs"). */
const PREFIX_BYTES = 5;
const COMPRESSED = 1;
const END = 2;
/** Larger than any message that the service sends. */
const MOST_BYTES = 64 * 1024 * 1024;
/** The service is slow, or gone. */
const SILENCE_MS = 60_000;

/**
 * Calls a method that answers with a stream, by the Connect protocol. What is not read is not sent.
 * @throws UserError if nobody answers, or the stream ends otherwise than it should
 */
export async function* streamApi<Method extends DescMethodServerStreaming>(
  method: Method,
  message: MessageInitShape<Method['input']>,
  address: ApiAddress,
): AsyncGenerator<MessageShape<Method['output']>> {
  const response = await answerOf(method, message, address);
  const gone = (why: string): UserError => new UserError(`${address.api}: the answer ends before it is whole: ${why}`);
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= PREFIX_BYTES) {
        const flags = rest.readUInt8(0);
        const end = PREFIX_BYTES + rest.readUInt32BE(1);
        if (end > MOST_BYTES || (flags & COMPRESSED) !== 0) throw gone('is this ostiary?');
        if (rest.length < end) break;
        const bytes = rest.subarray(PREFIX_BYTES, end);
        rest = rest.subarray(end);
        if ((flags & END) !== 0) return failIfEnded(bytes, address);
        yield fromBinary<Method['output']>(method.output, bytes);
      }
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw gone((error as Error).message);
  } finally {
    response.destroy();
  }
  throw gone('the connection was closed');
}

async function answerOf<Method extends DescMethodServerStreaming>(
  method: Method,
  message: MessageInitShape<Method['input']>,
  address: ApiAddress,
): Promise<IncomingMessage> {
  const { token } = address;
  const place = placeOf(address);
  const bytes = toBinary(method.input, create(method.input, message));
  const head = Buffer.alloc(PREFIX_BYTES);
  head.writeUInt32BE(bytes.length, 1);
  const headers = {
    'content-type': 'application/connect+proto',
    'connect-protocol-version': '1',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = place.isSecure === true ? requestSecurely : requestPlain;
  const path = `/${method.parent.typeName}/${method.name}`;
  const call = request({ ...place, method: 'POST', path, headers }, resolve);
  call.on('error', reject);
  call.setTimeout(SILENCE_MS, () => call.destroy(new Error(`nothing came for ${SILENCE_MS / 1000} s`)));
  call.end(Buffer.concat([head, bytes]));
  const response = await promise.catch((error: unknown) => {
    throw silence(error, address);
  });
  if (response.statusCode === 200) return response;
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) if (chunks.push(chunk) > 64) break;
  throw refusalOf({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }, address);
}

/** HTTP's status of each code of Connect that a remedy depends on. */
const STATUS: Readonly<Record<string, number>> = { unauthenticated: 401, permission_denied: 403 };

/** @throws ApiRefusal if the stream has ended with an error */
function failIfEnded(bytes: Uint8Array, address: ApiAddress): void {
  const { error } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { error?: { code: string; message?: string } };
  if (error === undefined) return;
  const status = STATUS[error.code];
  if (status !== undefined) throw refusalOf({ status, body: JSON.stringify(error) }, address);
  throw new ApiRefusal(`${address.api}: ${error.message ?? error.code}`, 500);
}
