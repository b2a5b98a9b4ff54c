/**
 * The width of the character that begins here; 0 if it is malformed: overlong, a surrogate, or beyond U+10FFFF (RFC
 * 3629, 4).
 */
export function utf8Width(bytes: Uint8Array, at: number, first: number): 0 | 2 | 3 | 4 {
  const second = bytes[at + 1] ?? 0;
  if (first >= 0xc2 && first <= 0xdf) return isContinuation(second) ? 2 : 0;
  const third = bytes[at + 2] ?? 0;
  if (first >= 0xe0 && first <= 0xef) {
    const least = first === 0xe0 ? 0xa0 : 0x80;
    const most = first === 0xed ? 0x9f : 0xbf;
    return second >= least && second <= most && isContinuation(third) ? 3 : 0;
  }
  if (first < 0xf0 || first > 0xf4) return 0;
  const least = first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xf4 ? 0x8f : 0xbf;
  const isWhole = second >= least && second <= most && isContinuation(third) && isContinuation(bytes[at + 3] ?? 0);
  return isWhole ? 4 : 0;
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}
