/**
 * Finds the parts of JSON text without building anything, so that a large file is read one document
 * at a time. The text is taken to be well formed: what is not shows when a part is parsed.
 */

/** From the first character to the one after the last. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Member extends Range {
  readonly key: string;
  readonly keyStart: number;
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

export function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

/** @param from the opening quote */
export function skipString(text: string, from: number): number {
  let at = from;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}

/** @returns where the value ends, and how many members all objects in it have together */
export function skipValue(text: string, from: number): { readonly end: number; readonly members: number } {
  let depth = 0;
  let count = 0;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = skipString(text, at);
      if (depth === 0) break;
      continue;
    }
    if (code === OPEN_OBJECT || code === OPEN_LIST) depth++;
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      if (depth === 0) break;
      if (--depth === 0) return { end: at + 1, members: count };
    } else if (code === COLON) count++;
    else if (depth === 0 && (code === COMMA || code <= 0x20)) break;
    at++;
  }
  return { end: at, members: count };
}

/**
 * The items of the list that starts at `from`. A missing item has an empty range.
 * @returns the offset of the closing bracket, or of what stands in its place
 */
export function* elements(text: string, from: number): Generator<Range & { readonly members: number }, number> {
  let at = skipSpace(text, from + 1);
  if (text.charCodeAt(at) === CLOSE_LIST) return at;
  for (;;) {
    const { end, members: count } = skipValue(text, at);
    yield { start: at, end, members: count };
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) return at;
    at = skipSpace(text, at + 1);
  }
}

/** The members of the object that starts at `from`; `start` and `end` are those of the value. */
export function* members(text: string, from: number): Generator<Member> {
  let at = skipSpace(text, from + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const keyStart = at;
    const keyEnd = skipString(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const { end } = skipValue(text, start);
    yield { key: parseKey(text.slice(keyStart, keyEnd)), keyStart, start, end };
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) return;
    at = skipSpace(text, at + 1);
  }
}

function parseKey(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}
