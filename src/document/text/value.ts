import type { Issue } from '../issues.ts';

/** Deeper than any document needs to be; recursion over values is safe below it. */
export const MAX_DEPTH = 64;

/** Larger than any document needs to be, and small enough that none can hold up the others. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

export interface Inspection {
  /** How many members all mappings of the value have together. */
  readonly members: number;
  readonly issues: readonly Issue[];
}

/** Finds in a parsed value what no document may have, whatever its schema. */
export function inspectValue(value: unknown): Inspection {
  const issues: Issue[] = [];
  const path: PropertyKey[] = [];
  let members = 0;
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    if (path.length === MAX_DEPTH) {
      issues.push({ path: path.slice(0, 4), at: 'value', message: `nested more than ${MAX_DEPTH} levels deep` });
      return;
    }
    const list = Array.isArray(part);
    const keys = Object.keys(part);
    if (!list) members += keys.length;
    for (const key of keys) {
      path.push(list ? Number(key) : key);
      // Objects treat it in a way of their own, and some copies would drop it without a word.
      if (key === '__proto__') issues.push({ path: [...path], at: 'key', message: 'is not allowed as a name' });
      visit((part as Record<string, unknown>)[key]);
      path.pop();
    }
  };
  visit(value);
  return { members, issues };
}
