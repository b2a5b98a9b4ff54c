import { CODE_LENGTHS, CODES } from './huffman-code.ts';

/** Octets that `text` (octets as latin1) takes when Huffman-encoded, padding included. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTHS[text.charCodeAt(i) & 0xff]!;
  return (bits + 7) >> 3;
}

/** Writes the Huffman encoding of `text` (octets as latin1) at `offset`. @returns the offset behind it. */
export function encodeHuffman(text: string, output: Uint8Array, offset: number): number {
  let position = offset;
  // A number of up to 37 bits: seven left over and a code of at most thirty. Exact in a double.
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i) & 0xff;
    const length = CODE_LENGTHS[octet]!;
    pending = pending * 2 ** length + CODES[octet]!;
    pendingBits += length;
    while (pendingBits >= 8) {
      pendingBits -= 8;
      const unit = 2 ** pendingBits;
      const top = Math.floor(pending / unit);
      output[position++] = top;
      pending -= top * unit;
    }
  }
  // Padded with the most significant bits of EOS: ones (RFC 7541, 5.2).
  if (pendingBits > 0) {
    const missing = 8 - pendingBits;
    output[position++] = pending * 2 ** missing + (2 ** missing - 1);
  }
  return position;
}
