/**
 * A name as a terminal may show it: what would move the cursor, change the direction of writing or break the line is
 * written as its code point.
 */
export function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** Line breaks and tabs are part of how JSON and YAML are laid out. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Whether a text has a character that a terminal must not be shown. */
export function hasUnseen(text: string): boolean {
  return text.search(UNSEEN) >= 0;
}

/**
 * The same text of JSON, or of YAML whose scalars with such characters stand in double quotes: each is an escape.
 * @param escape of one character
 */
export function escapedUnseen(text: string, escape: (character: string) => string = jsonEscape): string {
  return text.replace(UNSEEN, escape);
}

/** One for each half of a character beyond 16 bits. */
function jsonEscape(character: string): string {
  const halves = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return halves.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('');
}

/** JSON that means the same, without what a terminal must not be shown. */
export function jsonText(value: unknown): string {
  return escapedUnseen(JSON.stringify(value, null, 2));
}

const WIDE = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;
const MARK = /\p{M}/u;

/** How many columns of a terminal it takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!MARK.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** At most so wide: what is longer has an ellipsis for its middle, since both ends tell names apart. */
export function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  const room = width - 1;
  let [head, tail] = ['', ''];
  while (characters.length > 0) {
    const isHead = widthOf(head) <= widthOf(tail);
    const next = (isHead ? characters.shift() : characters.pop()) ?? '';
    if (widthOf(head + tail + next) > room) break;
    if (isHead) head += next;
    else tail = next + tail;
  }
  return `${head}…${tail}`;
}
