/** The placeholder for the user's name. */
const NAME = '{0}';
/** The placeholder for the distinguished name of the user's entry. */
const DN = '{dn}';

/** The deepest nesting of parentheses that is accepted. */
const MAX_DEPTH = 16;

/** A search filter (RFC 4515) with placeholders for values. */
export interface FilterTemplate {
  /** The attribute that is compared for equality with the first {@link NAME}; undefined if there is none. */
  readonly nameAttribute: string | undefined;
  /** Fills in these values, escaped so that each of them is only a value. */
  with(values: { readonly name: string; readonly dn?: string }): string;
}

/**
 * @param place the placeholder that must occur: `{0}` or `{dn}`
 * @returns the template, or a text that says what is wrong
 */
export function filterTemplate(text: string, place: typeof NAME | typeof DN): FilterTemplate | string {
  const problem = problemOf(text);
  if (problem !== undefined) return problem;
  if (!text.includes(place)) return `has no ${place}, so that it would find the same for everybody`;
  const parts = text.split(/(\{0\}|\{dn\})/);
  return {
    nameAttribute: /\(([A-Za-z][A-Za-z0-9-]*)=\{0\}\)/.exec(text)?.[1],
    with: ({ name, dn = '' }) =>
      parts.map((part) => (part === NAME ? escaped(name) : part === DN ? escaped(dn) : part)).join(''),
  };
}

/** Writes each character with a meaning in filters as its bytes in hex (RFC 4515, 3). */
export function escaped(value: string): string {
  // oxlint-disable-next-line no-control-regex -- NUL is one of them
  return value.replaceAll(/[\u0000-\u001f\u007f*()\\&|!=<>~]/g, (sign) => {
    return `\\${sign.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

// oxlint-disable-next-line no-control-regex -- NUL is not a part of a filter
const ITEM = /^[A-Za-z0-9][A-Za-z0-9.;:-]*(?:=|>=|<=|~=|:=)(?:[^()\\{}\u0000]|\\[0-9a-fA-F]{2}|\{0\}|\{dn\})*$/;

/**
 * A placeholder may stand in a value only. In an attribute or between parentheses it would let callers choose what is
 * asked.
 */
function problemOf(text: string): string | undefined {
  let at = 0;
  const filter = (depth: number): boolean => {
    if (depth > MAX_DEPTH || text[at] !== '(') return false;
    at += 1;
    const operator = text[at] ?? '';
    if (['&', '|', '!'].includes(operator)) {
      at += 1;
      let count = 0;
      while (text[at] === '(') {
        if (!filter(depth + 1)) return false;
        count += 1;
      }
      if (count === 0 || (operator === '!' && count > 1)) return false;
    } else {
      const end = text.indexOf(')', at);
      if (end < 0 || !ITEM.test(text.slice(at, end))) return false;
      at = end;
    }
    if (text[at] !== ')') return false;
    at += 1;
    return true;
  };
  if (filter(0) && at === text.length) return undefined;
  return 'expected a search filter such as (uid={0}) or (&(objectClass=person)(mail={0})), with {0} in values alone (RFC 4515)';
}
