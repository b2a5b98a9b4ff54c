import { hash } from 'node:crypto';

/** Longer names are cut, and told apart by a digest: file systems take 255 bytes with the ending. */
const LONGEST = 120;
const DIGEST_DIGITS = 16;
/** Lower case alone: some file systems take `Orders` and `orders` for the same. */
const PLAIN = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/;
/** Of Windows, with any ending. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;

/**
 * The name of a file or a folder for any text, the same at each call. A text that could be something else there, or the
 * same as another one, gets a digest behind a sign that no name has.
 */
export function fileName(text: string): string {
  if (text.length <= LONGEST && PLAIN.test(text) && !RESERVED.test(text)) return text;
  const readable = text
    .slice(0, LONGEST)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '');
  return `${readable.slice(0, LONGEST)}~${hash('sha256', text).slice(0, DIGEST_DIGITS)}`;
}
