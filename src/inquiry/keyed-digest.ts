import { hash } from 'node:crypto';

/** Makes the name under which a credential is remembered. Reading the memory of the process reveals no credential. */
export type KeyedDigest = (credential: string) => string;

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/**
 * HMAC-SHA-256 (RFC 2104) under a key that is made at the start and kept nowhere else. Node's own HMAC takes twice as
 * long for a token, since it makes an object for each.
 * @param key 32 random bytes; the HMAC's key is their hexadecimal text, which fills one block
 */
export function keyedDigest(key: Uint8Array): KeyedDigest {
  const text = Buffer.from(key).toString('hex');
  if (text.length !== BLOCK_BYTES) throw new TypeError(`the key has ${key.byteLength} bytes; expected are 32`);
  const block = Buffer.from(text, 'latin1');
  // In ASCII, so that a credential can follow it in the same text.
  const inner = Buffer.from(block.map((byte) => byte ^ 0x36)).toString('latin1');
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  outer.set(block.map((byte) => byte ^ 0x5c));
  return (credential) => {
    outer.set(hash('sha256', inner + credential, 'buffer'), BLOCK_BYTES);
    return hash('sha256', outer, 'binary');
  };
}
