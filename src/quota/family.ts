// Keys are of two kinds. The names of contracts, and the buckets for everyone and for those without a key, are as
// many as the configuration says. Keys that callers choose are as many as they like, and a flood of them under one
// policy must leave room for the others.

/** What callers choose is kept as 22 characters of base64url (`policies/rate-limiting.ts`). */
const CHOSEN = /^(.+):[\w-]{22}$/;

/**
 * The API and the policy of a key that a caller may have chosen; undefined where the configuration bounds the
 * number of such keys. The rare contract whose name looks like a hash is bounded as if it were chosen.
 */
export function familyOf(key: string): string | undefined {
  return CHOSEN.exec(key)?.[1];
}

/** A policy in shadow mode must cost nobody a request. */
export function isShadow(family: string): boolean {
  return /:shadow:[^:]+$/.test(family);
}
