/** An address as numbers: IPv4 as one of 32 bits, IPv6 as four, the first the most significant. */
export type IpAddress = number | Ipv6Words;

export type Ipv6Words = Uint32Array & { readonly length: 4 };

/**
 * Reads an address as text: dotted decimal without leading zeros, or IPv6 (RFC 4291, 2.2). IPv4 in IPv6
 * (`::ffff:192.0.2.7`, RFC 4291, 2.5.5.2) is the IPv4 address. Ports, brackets, scope ids and white space are not
 * part of an address.
 * @returns undefined if the text is none
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  // The longest form: eight groups with the last two in decimal.
  if (text.length > 45) return undefined;
  if (!text.includes(':')) return parseIpv4(text, 0);
  const words = parseIpv6(text);
  return words === undefined || !isMappedIpv4(words) ? words : words[3];
}

export function isMappedIpv4(words: Ipv6Words): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

const ZERO = 48;
const NINE = 57;
const DOT = 46;
const COLON = 58;

function parseIpv4(text: string, from: number): number | undefined {
  let address = 0;
  let octets = 0;
  let value = -1;
  for (let i = from; i <= text.length; i++) {
    const code = i === text.length ? DOT : text.charCodeAt(i);
    if (code >= ZERO && code <= NINE) {
      // Some parsers read a leading zero as octal.
      if (value === 0) return undefined;
      value = (value < 0 ? 0 : value * 10) + code - ZERO;
      if (value > 255) return undefined;
    } else {
      if (code !== DOT || value < 0 || octets === 4) return undefined;
      address = address * 256 + value;
      octets += 1;
      value = -1;
    }
  }
  return octets === 4 ? address : undefined;
}

function parseIpv6(text: string): Ipv6Words | undefined {
  const words = new Uint32Array(4) as Ipv6Words;
  const groups = [0, 0, 0, 0, 0, 0, 0, 0];
  let count = 0;
  /** The number of groups before `::`; −1: there was no `::` yet. */
  let before = -1;
  let i = 0;
  if (text.startsWith('::')) {
    before = 0;
    i = 2;
  }
  while (i < text.length) {
    const start = i;
    let value = 0;
    for (; i < text.length; i++) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    if (i < text.length && text.charCodeAt(i) === DOT) {
      const last = parseIpv4(text, start);
      if (last === undefined || count > 6) return undefined;
      groups[count++] = last >>> 16;
      groups[count++] = last & 0xffff;
      i = text.length;
      break;
    }
    if (i === start || i - start > 4 || count === 8) return undefined;
    groups[count++] = value;
    if (i === text.length) break;
    if (text.charCodeAt(i) !== COLON) return undefined;
    i += 1;
    if (i < text.length && text.charCodeAt(i) === COLON) {
      if (before >= 0) return undefined;
      before = count;
      i += 1;
    } else if (i === text.length) {
      return undefined;
    }
  }
  if (before < 0 ? count !== 8 : count === 8) return undefined;
  const missing = 8 - count;
  for (let at = 0; at < 8; at++) {
    const from = before < 0 || at < before ? at : at < before + missing ? -1 : at - missing;
    const group = from < 0 ? 0 : (groups[from] ?? 0);
    words[at >> 1] = ((words[at >> 1] ?? 0) << 16) | group;
  }
  return words;
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
