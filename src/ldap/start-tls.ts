import type { Socket } from 'node:net';
import { LdapFault } from './fault.ts';

/** An ExtendedRequest with message id 1 and the OID of StartTLS (RFC 4511, 4.14.1). */
const REQUEST = Buffer.from('301d02010177188016312e332e362e312e342e312e313436362e3230303337', 'hex');
/** Tags of the response (RFC 4511, 4.1.1 and 4.12): the message, and the ExtendedResponse in it. */
const ENVELOPE = 0x30;
const EXTENDED_RESPONSE = 0x78;
const MAX_BYTES = 4096;

/**
 * Asks the server to begin TLS on this connection. Reads the answer and no byte behind it: bytes that somebody on the
 * way adds before TLS begins must not be taken for bytes of the server.
 * @throws LdapFault (rejects with it)
 */
export async function startTls(socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let received = Buffer.alloc(0);
  const read = (bytes: Buffer): void => {
    received = Buffer.concat([received, bytes]);
    const end = endOf(received);
    if (received.length < end && end <= MAX_BYTES) return;
    if (received.length === end && isSuccess(received)) resolve();
    else reject(new LdapFault('the server does not offer StartTLS'));
  };
  const lost = (error?: unknown): void =>
    reject(error instanceof LdapFault ? error : new LdapFault('the connection ended before StartTLS'));
  socket.on('data', read);
  socket.once('close', lost);
  socket.once('error', lost);
  try {
    socket.write(REQUEST);
    await promise;
    socket.pause();
  } finally {
    socket.removeListener('data', read);
    socket.removeListener('close', lost);
    socket.removeListener('error', lost);
  }
}

/** Returns the length of the first message in bytes. Returns one more than there are while its length is incomplete. */
function endOf(bytes: Buffer): number {
  const first = bytes[1];
  if (first === undefined) return bytes.length + 1;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4) return Infinity;
  return bytes.length < 2 + count ? bytes.length + 1 : 2 + count + bytes.readUIntBE(2, count);
}

/** Whether the message is a response with the result code success (0). */
function isSuccess(bytes: Buffer): boolean {
  if (bytes[0] !== ENVELOPE) return false;
  const id = afterLength(bytes, 1);
  // The message id: an integer of one byte.
  if (bytes[id] !== 0x02 || bytes[id + 1] !== 1 || bytes[id + 2] !== 1 || bytes[id + 3] !== EXTENDED_RESPONSE)
    return false;
  const code = afterLength(bytes, id + 4);
  return bytes[code] === 0x0a && bytes[code + 1] === 1 && bytes[code + 2] === 0;
}

function afterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  return at + 1 + (first < 0x80 ? 0 : first & 0x7f);
}
