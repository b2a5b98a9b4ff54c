/** Names from the outside in: `realm_access.roles` is `['realm_access', 'roles']`. */
export type ClaimPath = readonly string[];

type Members = Readonly<Record<string, unknown>>;

const DEEPEST = 16;

/**
 * Parses names separated by dots. `\.` is a dot in a name, `\\` a backslash.
 * @returns the path, or a sentence that says what is wrong
 */
export function parseClaimPath(text: string): ClaimPath | string {
  const names: string[] = [];
  let name = '';
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '\\') {
      const escaped = text[++at];
      if (escaped !== '.' && escaped !== '\\')
        return 'has a backslash that is neither before a dot nor before a backslash';
      name += escaped;
    } else if (sign === '.') {
      names.push(name);
      name = '';
    } else name += sign;
  }
  names.push(name);
  if (names.includes('')) return 'has an empty name: between two dots, or at its start or end';
  return names.length > DEEPEST ? `is deeper than ${DEEPEST} names` : names;
}

/** Returns the value at a path; undefined if there is none. Only own members of objects are followed. */
export function claimAt(claims: Members, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Members)[name];
  }
  return value;
}
