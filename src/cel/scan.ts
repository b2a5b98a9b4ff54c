import { CelFault } from './syntax.ts';
import { Uint } from './value.ts';
import type { Value } from './value.ts';

export interface Token {
  readonly kind: 'name' | 'literal' | 'sign' | 'end';
  readonly at: number;
  /** A name or a sign itself, or the text of a literal. */
  readonly text: string;
  readonly value?: Value;
}

const SPACE = /(?:[\t\n\f\r ]|\/\/[^\n]*)+/y;
const NAME = /[A-Za-z_]\w*/y;
const NUMBER = /0x[0-9a-fA-F]+u?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)|\d+[uU]?/iy;
const STRING = /([rRbB]{0,2})("""|'''|"|')/y;
const SIGN = /&&|\|\||[<>=!]=|[-+*/%<>!?:.,()[\]{}]/y;

const MAX_INT = 2n ** 63n;
const MAX_UINT = 2n ** 64n - 1n;

/**
 * The tokens of an expression, the last of which is its end.
 * @throws CelFault
 */
export function scan(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  for (;;) {
    at += match(SPACE)?.[0].length ?? 0;
    if (at >= source.length) {
      tokens.push({ kind: 'end', at, text: 'the end' });
      return tokens;
    }
    const text = match(STRING);
    if (text !== null) {
      const { value, end } = readText(source, at, text[1] ?? '', text[2] ?? '');
      tokens.push({ kind: 'literal', at, text: source.slice(at, end), value });
      at = end;
      continue;
    }
    const number = match(NUMBER)?.[0];
    if (number !== undefined) {
      tokens.push({ kind: 'literal', at, text: number, value: numberOf(number, at, source) });
      at += number.length;
      if (/^\w/.test(source.slice(at, at + 1))) throw new CelFault('a number ends here that goes on', at, source);
      continue;
    }
    const name = match(NAME)?.[0];
    const sign = name ?? match(SIGN)?.[0];
    if (sign === undefined) throw new CelFault(unknownSign(source, at), at, source);
    tokens.push({ kind: name === undefined ? 'sign' : 'name', at, text: sign });
    at += sign.length;
  }
}

function unknownSign(source: string, at: number): string {
  const sign = String.fromCodePoint(source.codePointAt(at) ?? 0);
  const remedies: Readonly<Record<string, string>> = { '=': '; write ==', '&': '; write &&', '|': '; write ||' };
  return `the sign ${JSON.stringify(sign)} has no meaning here${remedies[sign] ?? ''}`;
}

/** A minus sign is a token of its own. The least int is a minus and 2^63, so 2^63 is accepted here. */
function numberOf(text: string, at: number, source: string): Value {
  if (/u$/i.test(text)) {
    const value = BigInt(text.slice(0, -1));
    if (value > MAX_UINT) throw new CelFault('the number does not fit 64 bits', at, source);
    return new Uint(value);
  }
  if (/^0x/i.test(text) || /^\d+$/.test(text)) {
    const value = BigInt(text);
    if (value > MAX_INT) throw new CelFault('the number does not fit 64 bits', at, source);
    return value;
  }
  return Number(text);
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
};

const utf8 = new TextEncoder();

function readText(source: string, start: number, prefix: string, quote: string): { value: Value; end: number } {
  const isRaw = /r/i.test(prefix);
  const isBytes = /b/i.test(prefix);
  const parts: (string | number)[] = [];
  let at = start + prefix.length + quote.length;
  while (!source.startsWith(quote, at)) {
    const sign = source[at];
    if (sign === undefined || (quote.length === 1 && (sign === '\n' || sign === '\r'))) {
      throw new CelFault(`the text that begins here does not end: ${quote} is missing`, start, source);
    }
    if (sign !== '\\' || isRaw) {
      // A raw text may hold its quote after a backslash, and keeps both.
      const isPair = sign === '\\' && source[at + 1] !== undefined && source.startsWith(quote[0] as string, at + 1);
      const taken = isPair ? source.slice(at, at + 2) : String.fromCodePoint(source.codePointAt(at) as number);
      parts.push(taken);
      at += taken.length;
      continue;
    }
    const { part, end } = readEscape(source, at, isBytes);
    parts.push(part);
    at = end;
  }
  const end = at + quote.length;
  if (!isBytes) return { value: parts.map((part) => (typeof part === 'string' ? part : '')).join(''), end };
  const bytes = parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : utf8.encode(part)));
  return { value: Buffer.concat(bytes), end };
}

const OCTAL = /[0-3][0-7]{2}/y;
const HEX: Readonly<Record<string, RegExp>> = {
  x: /[0-9a-f]{2}/iy,
  X: /[0-9a-f]{2}/iy,
  u: /[0-9a-f]{4}/iy,
  U: /[0-9a-f]{8}/iy,
};

/** A numeric escape: `\377` is the byte 255 in bytes, and the character U+00FF in a text. */
function readEscape(source: string, at: number, isBytes: boolean): { part: string | number; end: number } {
  const sign = source[at + 1] ?? '';
  const plain = ESCAPES[sign];
  if (plain !== undefined) return { part: plain, end: at + 2 };
  const pattern = HEX[sign] ?? OCTAL;
  const from = HEX[sign] === undefined ? at + 1 : at + 2;
  pattern.lastIndex = from;
  const digits = pattern.exec(source)?.[0];
  const isPoint = sign === 'u' || sign === 'U';
  if (digits === undefined || (isPoint && isBytes)) {
    throw new CelFault('a backslash is not followed by an escape; a backslash itself is \\\\', at, source);
  }
  const code = Number.parseInt(digits, pattern === OCTAL ? 8 : 16);
  if (code > 0x10_ffff || (code >= 0xd800 && code < 0xe000)) {
    throw new CelFault('the escape is not a character of Unicode', at, source);
  }
  return { part: isBytes && !isPoint ? code : String.fromCodePoint(code), end: from + digits.length };
}
