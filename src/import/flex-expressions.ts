import { compileExpression } from '../policy/expression.ts';
import { celOfDataWeave } from './dataweave.ts';
import type { Remarks } from './remarks.ts';

/** `#['text']`: a literal, written as an expression. */
const LITERAL = /^\s*#\[\s*(?:'([^'\\$]*)'|"([^"\\$]*)")\s*\]\s*$/;

/** Imports the value of an option that takes an expression. If there is no counterpart, refuses it and suggests CEL. */
export function importExpression(written: unknown, remarks: Remarks): unknown {
  if (typeof written !== 'string' || !written.includes('#[')) return written;
  const literal = LITERAL.exec(written);
  if (literal !== null) return literal[1] ?? literal[2];
  try {
    compileExpression(written);
    return written;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  const cel = celOfDataWeave(written);
  remarks.refuse(
    cel === undefined
      ? `the DataWeave expression ${JSON.stringify(written)} is not supported, and no CEL is known that does the same: write {cel: …} here (docs/expressions.md)`
      : `the DataWeave expression ${JSON.stringify(written)} is not supported; CEL that does the same: {cel: ${JSON.stringify(cel)}}`,
  );
  return written;
}
