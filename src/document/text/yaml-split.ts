import type { Range } from './json-scan.ts';

/**
 * The documents of a YAML file, without those that are empty. A marker (`---`, `...`) at the start of
 * a line ends a document wherever it stands, even in a quoted text (YAML 1.2.2, 9.1.2), so the file can
 * be cut before anything in it is understood. A part keeps the `---` that opens it.
 */
export function* splitYaml(text: string): Generator<Range> {
  let start = 0;
  let dashes = nextMarker(text, '---', 0);
  let dots = nextMarker(text, '...', 0);
  for (;;) {
    const marker = Math.min(dashes, dots);
    if (!isBlank(text, start, marker)) yield { start, end: marker };
    if (marker === text.length) return;
    if (marker === dashes) {
      start = dashes;
      dashes = nextMarker(text, '---', dashes + 3);
    } else {
      start = dots + 3;
      dots = nextMarker(text, '...', start);
    }
  }
}

/** The offset of a marker at the start of a line, with white space or the end after it; the end of the text where there is none. */
function nextMarker(text: string, marker: string, from: number): number {
  for (let at = from; ; at += 3) {
    at = text.indexOf(marker, at);
    if (at < 0) return text.length;
    const startsLine = at === 0 || text.charCodeAt(at - 1) === 0x0a;
    if (startsLine && (at + 3 === text.length || isSpace(text.charCodeAt(at + 3)))) return at;
  }
}

/** Nothing but a `---`, white space and comments. */
function isBlank(text: string, start: number, end: number): boolean {
  let at = text.startsWith('---', start) ? start + 3 : start;
  while (at < end) {
    if (text[at] === '#') at = endOfLine(text, at);
    else if (!isSpace(text.charCodeAt(at))) return false;
    at++;
  }
  return true;
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
