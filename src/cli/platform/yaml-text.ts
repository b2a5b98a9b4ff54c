import { Document, Scalar, visit } from 'yaml';
import { escapedUnseen, hasUnseen } from '../analytics/shown.ts';

/** YAML that reads as the same value, without what a terminal must not be shown. */
export function yamlText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && hasUnseen(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // All of them stand in double quotes now, where an escape means the character.
  return escapedUnseen(document.toString(), longEscape);
}

/** YAML has an escape for all of Unicode, and not every reader takes two halves of a character for one. */
function longEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
