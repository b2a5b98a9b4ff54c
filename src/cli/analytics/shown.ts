/**
 * A name as a terminal may show it: what would move the cursor, change the direction of writing or break the line is
 * written as its code point.
 */
export function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
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
