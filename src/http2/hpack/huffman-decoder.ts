import { CODE_LENGTHS, CODES, EOS_SYMBOL } from './huffman-code.ts';

/**
 * A state machine that takes four bits at a time. A state is an inner node of the code's tree; the entry for (state,
 * four bits) holds the next state and the symbol completed on the way, at most one because the shortest code has five
 * bits.
 *
 * Entry: bits 0-7 symbol, bit 8 "a symbol was completed", bit 9 "may end here", bits 10-18 next
 * state; -1 where the bits spell EOS, which is a decoding error (RFC 7541, 5.2).
 */
const EMITS = 0x100;
const MAY_END = 0x200;
const TRANSITIONS = buildTransitions();

/**
 * Decodes `input[start..end)` into `output` from offset 0, which must have room for 8/5 of the
 * input's octets.
 * @returns the number of octets written, or -1 where the input is not a valid encoding.
 */
export function decodeHuffman(input: Uint8Array, start: number, end: number, output: Uint8Array): number {
  let entry = MAY_END;
  let length = 0;
  for (let i = start; i < end; i++) {
    const octet = input[i]!;
    entry = TRANSITIONS[((entry >> 10) << 4) | (octet >> 4)]!;
    if (entry < 0) return -1;
    if ((entry & EMITS) !== 0) output[length++] = entry;
    entry = TRANSITIONS[((entry >> 10) << 4) | (octet & 15)]!;
    if (entry < 0) return -1;
    if ((entry & EMITS) !== 0) output[length++] = entry;
  }
  return (entry & MAY_END) === 0 ? -1 : length;
}

function buildTransitions(): Int32Array {
  const { children, padding } = buildTree();
  const table = new Int32Array((children.length >> 1) << 4);
  for (let state = 0; state < children.length >> 1; state++) {
    for (let nibble = 0; nibble < 16; nibble++) table[(state << 4) | nibble] = step(state, nibble);
  }
  return table;

  function step(state: number, nibble: number): number {
    let symbol = -1;
    let node = state;
    for (let bit = 3; bit >= 0; bit--) {
      const child = children[(node << 1) | ((nibble >> bit) & 1)]!;
      if (child >= 0) {
        node = child;
        continue;
      }
      if (~child === EOS_SYMBOL) return -1;
      symbol = ~child;
      node = 0;
    }
    return (node << 10) | (padding.has(node) ? MAY_END : 0) | (symbol < 0 ? 0 : EMITS | symbol);
  }
}

/** `children[2n + bit]`: an inner node, or `~symbol` for a leaf. */
function buildTree(): { children: number[]; padding: Set<number> } {
  const children = [0, 0];
  for (let symbol = 0; symbol <= EOS_SYMBOL; symbol++) {
    let node = 0;
    for (let bit = CODE_LENGTHS[symbol]! - 1; bit > 0; bit--) {
      const slot = (node << 1) | ((CODES[symbol]! >>> bit) & 1);
      if (children[slot] === 0) {
        children[slot] = children.length >> 1;
        children.push(0, 0);
      }
      node = children[slot]!;
    }
    children[(node << 1) | (CODES[symbol]! & 1)] = ~symbol;
  }
  // Padding is the most significant bits of EOS, all ones, and strictly shorter than 8 bits.
  const padding = new Set([0]);
  let node = 0;
  for (let bits = 1; bits <= 7; bits++) {
    node = children[(node << 1) | 1]!;
    padding.add(node);
  }
  return { children, padding };
}
