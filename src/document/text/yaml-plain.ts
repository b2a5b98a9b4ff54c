import { MAX_DEPTH } from './value.ts';

/**
 * Reads the YAML that most documents are made of: block mappings of plain names, with plain or quoted
 * one-line values or one-line flow mappings and lists of such. It is 20 times faster than a full
 * parser, which 100,000 contracts need. Whatever it does not know for certain it leaves alone: the
 * full parser reads that, and a test compares the two.
 */

const MARKER = /---[ ]*\r?\n/y;
const BLANK = /(?:[ ]*(?:#[^\r\n]*)?\r?\n)+/y;
const KEY = /( *)([A-Za-z][A-Za-z0-9]*):(?=[ \r\n])/y;
/** One-line texts; in plain ones neither `:` nor `#`, nor what a flow collection could end with. */
const SCALAR = /"([ !#-[\]-~]*)"|'([ -&(-~]*)'|([A-Za-z0-9_./][A-Za-z0-9_./@+=-]*)/y;
const FLOW_KEY = /([A-Za-z][A-Za-z0-9]*): +/y;
const END_OF_LINE = /[ ]*(?:[ ]#[^\r\n]*)?\r?\n/y;
/** Everything that YAML 1.2 may read as null, a truth value or a number, and more. */
const NOT_TEXT = /^(?:null|true|false|[.+-]?(?:inf|nan)|[.+-]?[0-9][0-9._]*(?:e[+-]?[0-9]*)?|0[ox][0-9a-f]*|[.]+)$/i;
/** V8 keeps the whole file alive for a slice of it that is at least this long. */
const SLICE_LENGTH = 13;

/** Thrown and caught in this file only. */
const UNSURE = Symbol('unsure');

interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
}

/** The value of one document, which ends with a line break; undefined where the full parser must read it. */
export function readPlainYaml(text: string): Record<string, unknown> | undefined {
  const cursor: Cursor = { text, at: 0, depth: 0 };
  take(cursor, MARKER);
  try {
    const value = readBlock(cursor, 0);
    return cursor.at === text.length ? value : undefined;
  } catch (error) {
    if (error === UNSURE) return undefined;
    throw error;
  }
}

function readBlock(cursor: Cursor, indent: number): Record<string, unknown> {
  descend(cursor);
  const block: Record<string, unknown> = {};
  for (;;) {
    take(cursor, BLANK);
    const key = peekKey(cursor);
    // Less indented: the mapping ends here, if its parent goes on at just that depth.
    if (key === undefined || key.indent < indent) {
      cursor.depth--;
      return block;
    }
    if (key.indent > indent || Object.hasOwn(block, key.name)) throw UNSURE;
    cursor.at = key.end;
    block[key.name] = readBlockValue(cursor, indent);
  }
}

function readBlockValue(cursor: Cursor, indent: number): unknown {
  if (take(cursor, END_OF_LINE) === undefined) {
    while (cursor.text[cursor.at] === ' ') cursor.at++;
    const value = readInline(cursor);
    if (take(cursor, END_OF_LINE) === undefined) throw UNSURE;
    return value;
  }
  take(cursor, BLANK);
  const key = peekKey(cursor);
  if (key === undefined || key.indent <= indent) throw UNSURE;
  return readBlock(cursor, key.indent);
}

function peekKey(cursor: Cursor): { readonly indent: number; readonly name: string; readonly end: number } | undefined {
  KEY.lastIndex = cursor.at;
  const match = KEY.exec(cursor.text);
  if (match === null) {
    if (cursor.at < cursor.text.length) throw UNSURE;
    return undefined;
  }
  return { indent: match[1]?.length ?? 0, name: match[2] ?? '', end: KEY.lastIndex };
}

function readInline(cursor: Cursor): unknown {
  const open = cursor.text[cursor.at];
  if (open === '{') return readFlowMapping(cursor);
  if (open === '[') return readFlowList(cursor);
  const match = take(cursor, SCALAR);
  if (match === undefined) throw UNSURE;
  const plain = match[3];
  if (plain === undefined) return detached(match[1] ?? match[2] ?? '');
  if (!NOT_TEXT.test(plain)) return detached(plain);
  if (plain === 'true' || plain === 'false') return plain === 'true';
  if (/^(?:0|[1-9][0-9]{0,14})$/.test(plain)) return Number(plain);
  throw UNSURE;
}

function readFlowMapping(cursor: Cursor): Record<string, unknown> {
  descend(cursor);
  const mapping: Record<string, unknown> = {};
  for (let close = '{'; close !== '}'; close = separator(cursor, '}')) {
    cursor.at++;
    spaces(cursor);
    const key = take(cursor, FLOW_KEY)?.[1];
    if (key === undefined || Object.hasOwn(mapping, key)) throw UNSURE;
    mapping[key] = readInline(cursor);
  }
  cursor.at++;
  cursor.depth--;
  return mapping;
}

function readFlowList(cursor: Cursor): unknown[] {
  descend(cursor);
  const list: unknown[] = [];
  for (let close = '['; close !== ']'; close = separator(cursor, ']')) {
    cursor.at++;
    spaces(cursor);
    list.push(readInline(cursor));
  }
  cursor.at++;
  cursor.depth--;
  return list;
}

function descend(cursor: Cursor): void {
  if (++cursor.depth > MAX_DEPTH) throw UNSURE;
}

function separator(cursor: Cursor, close: string): string {
  spaces(cursor);
  const found = cursor.text[cursor.at];
  if (found !== ',' && found !== close) throw UNSURE;
  return found;
}

function spaces(cursor: Cursor): void {
  while (cursor.text[cursor.at] === ' ') cursor.at++;
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match === null) return undefined;
  cursor.at = pattern.lastIndex;
  return match;
}

/** A copy that does not keep the file alive. */
function detached(text: string): string {
  return text.length < SLICE_LENGTH ? text : Buffer.from(text, 'latin1').toString('latin1');
}
