import { basename } from 'node:path';

import { isUtf8 } from 'node:buffer';

/** A file as read, and the places in it. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  /** Offsets of line starts; made when the first place is asked for. */
  #lines: Uint32Array | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** 1-based, in UTF-16 code units, as editors count columns. */
  lineColumn(offset: number): { readonly line: number; readonly column: number } {
    const lines = (this.#lines ??= lineStarts(this.text));
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((lines[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
  }
}

function lineStarts(text: string): Uint32Array {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  const starts = new Uint32Array(count);
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts[line++] = at + 1;
  return starts;
}

/** The text of UTF-8 bytes, without a byte-order mark; the line with the first bad byte where they are something else. */
export function decodeUtf8(bytes: Buffer): { readonly text: string } | { readonly badLine: number } {
  if (isUtf8(bytes)) {
    const text = bytes.toString('utf8');
    return { text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text };
  }
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end;
  }
  return { badLine: line };
}

/** Whether a file is read as JSON. */
export function isJson(path: string): boolean {
  return basename(path).toLowerCase().endsWith('.json');
}
