import { Document, Scalar, visit } from 'yaml';
import { escapedUnseen, hasUnseen } from '../analytics/shown.ts';

/** Several lines, with blanks that a block of lines may lose: at its beginning, or at the end of a line. */
const BLANKS = /^\s[^]*\n|\n[^]*[ \t]$|[ \t]\n/;

/** YAML that reads as the same value, without what a terminal must not be shown. */
export function yamlText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && (hasUnseen(node.value) || BLANKS.test(node.value))) {
        node.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  // All of them stand in double quotes now, where an escape means the character.
  // A line that is folded within quotes may read as another one.
  const layout = { lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER };
  return escapedUnseen(document.toString(layout), longEscape);
}

/** YAML has an escape for all of Unicode, and not every reader takes two halves of a character for one. */
function longEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
