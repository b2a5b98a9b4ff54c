import { skipSpace, skipString } from './json-scan.ts';
import { MAX_DEPTH } from './value.ts';

/** Something wrong at an offset of a text. */
export interface TextFault {
  readonly offset: number;
  readonly message: string;
}

const SCALAR = /(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w.+-])/y;

/**
 * What keeps a text from being JSON (RFC 8259): the first error of syntax, or else every duplicate
 * key, which parsers read in different ways (section 4). Empty: it is JSON.
 */
export function checkJson(text: string, from: number, to: number): readonly TextFault[] {
  const duplicates: TextFault[] = [];
  const fail = (offset: number, message: string): never => {
    throw new SyntaxFault(offset, offset >= to ? 'the file ends too early: something is not closed' : message);
  };
  const take = (pattern: RegExp, at: number, message: string): number => {
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex : fail(at, message);
  };
  const string = (at: number, message: string): number => {
    if (text[at] !== '"') return fail(at, message);
    const end = skipString(text, at);
    if (end > to || text[end - 1] !== '"' || end === at + 1) return fail(at, 'this text has no closing quote');
    try {
      JSON.parse(text.slice(at, end));
    } catch {
      return fail(at, 'this text has a control character, an escape that JSON does not know, or no closing quote');
    }
    return end;
  };
  const member = (at: number, keys: Set<string>): number => {
    const end = string(at, 'expected a name in double quotes');
    const key = JSON.parse(text.slice(at, end)) as string;
    if (keys.has(key)) duplicates.push({ offset: at, message: 'duplicate key: it is given twice in this object' });
    keys.add(key);
    const colon = skipSpace(text, end);
    return text[colon] === ':' ? skipSpace(text, colon + 1) : fail(colon, 'expected ":"');
  };
  const value = (at: number, depth: number): number => {
    const open = text[at];
    if (open === '"') return string(at, '');
    if (open !== '{' && open !== '[') return take(SCALAR, at, 'expected a JSON value');
    if (depth === MAX_DEPTH) return fail(at, `nested more than ${MAX_DEPTH} levels deep`);
    const close = open === '{' ? '}' : ']';
    const keys = new Set<string>();
    let next = skipSpace(text, at + 1);
    if (text[next] === close) return next + 1;
    for (;;) {
      if (open === '{') next = member(next, keys);
      next = skipSpace(text, value(next, depth + 1));
      if (text[next] === close) return next + 1;
      if (text[next] !== ',') return fail(next, `expected "," or "${close}"`);
      next = skipSpace(text, next + 1);
    }
  };
  try {
    const end = skipSpace(text, value(skipSpace(text, from), 0));
    return end < to ? [{ offset: end, message: 'expected the end of the JSON value' }] : duplicates;
  } catch (error) {
    if (error instanceof SyntaxFault) return [{ offset: Math.min(error.offset, to), message: error.message }];
    throw error;
  }
}

class SyntaxFault extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}
