/** Where the name of the user goes. */
const NAME = '{0}';
/** Where the distinguished name of the user's entry goes. */
const DN = '{dn}';

/** Deeper ones are no filter for a user. */
const MAX_DEPTH = 16;

/** A search filter (RFC 4515) with places for values. */
export interface FilterTemplate {
  /** The attribute that the first {@link NAME} is compared with for equality; undefined where there is none. */
  readonly nameAttribute: string | undefined;
  /** With these values, so escaped that each stands for itself and nothing else. */
  with(values: { readonly name: string; readonly dn?: string }): string;
}

/**
 * @param place `{0}` or `{dn}`: where a value has to go
 * @returns what is wrong with it, as a text, where it is no such template
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

/** RFC 4515, 3: what would mean something in a filter, as its bytes in hex. */
export function escaped(value: string): string {
  // oxlint-disable-next-line no-control-regex -- NUL is one of them
  return value.replaceAll(/[\u0000-\u001f\u007f*()\\&|!=<>~]/g, (sign) => {
    return `\\${sign.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

// oxlint-disable-next-line no-control-regex -- NUL is no part of a filter
const ITEM = /^[A-Za-z0-9][A-Za-z0-9.;:-]*(?:=|>=|<=|~=|:=)(?:[^()\\{}\u0000]|\\[0-9a-fA-F]{2}|\{0\}|\{dn\})*$/;

/** A place may stand in a value alone: as an attribute or as a part of the filter itself callers would choose what is asked. */
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
