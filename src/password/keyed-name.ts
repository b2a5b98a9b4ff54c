import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;

/** The name of something secret: under another key it has another, and nobody finds out what it names. */
export type KeyedName = (...parts: readonly string[]) => string;

/**
 * HMAC-SHA-256 (RFC 2104) of some texts, kept apart from each other. Made of two hashes in one go each, it takes a
 * fraction of the time that Node's own HMAC does, which makes an object for every text.
 * @param key 64 random bytes
 */
export function createKeyedName(key: Buffer): KeyedName {
  if (key.length !== BLOCK_BYTES) throw new TypeError(`a key has ${BLOCK_BYTES} bytes`);
  const inner = Buffer.from(key.map((byte) => byte ^ 0x36)).toString('latin1');
  const outer = Buffer.concat([Buffer.from(key.map((byte) => byte ^ 0x5c)), Buffer.alloc(32)]);
  return (...parts) => {
    // The length of each part tells where it ends.
    const text = parts.map((part) => `${part.length}:${part}`).join('');
    const message = Buffer.allocUnsafe(BLOCK_BYTES + Buffer.byteLength(text));
    message.write(inner, 'latin1');
    message.write(text, BLOCK_BYTES);
    hash('sha256', message, 'buffer').copy(outer, BLOCK_BYTES);
    return hash('sha256', outer, 'base64url');
  };
}
