import type { Check } from '../request/check.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { canonicalHeaderName } from '../request/header-name.ts';

/**
 * The headers of a request as its upstream will see them. One that policies own is absent, whatever the caller
 * sent under any spelling of its name, or has the value that an earlier policy has set.
 */
export interface SeenHeaders {
  readonly check: Check;
  /** Canonical names. */
  readonly ownedHeaders: ReadonlySet<string>;
  /** What earlier policies have set. */
  readonly upstream: readonly HeaderEntry[];
}

/** @param name in lower case; `canonical` is its canonical form, made once at load */
export function seenHeader(seen: SeenHeaders, name: string, canonical: string): string | undefined {
  return seen.ownedHeaders.has(canonical) ? headerSet(seen.upstream, canonical) : seen.check.header(name);
}

/** No request has more values of one header for a good reason. */
const MAX_VALUES = 64;

/**
 * Whether a test holds for any value of a header: for the whole of what is sent, and for each part between commas,
 * since repeated headers and lists are joined by them; each with the white space around it, which HTTP/2 lets through,
 * and without. Too many parts to try count as one that matches.
 */
export function anyValue(
  seen: SeenHeaders,
  name: string,
  canonical: string,
  test: (value: string) => boolean,
): boolean {
  const value = seenHeader(seen, name, canonical);
  if (value === undefined) return false;
  if (test(value) || test(value.trim())) return true;
  if (!value.includes(',')) return false;
  const parts = value.split(',', MAX_VALUES + 1);
  return parts.length > MAX_VALUES || parts.some((part) => test(part.trim()));
}

/** Whether a test holds for a whole header and for each part between commas. False if there are too many parts. */
export function everyValue(
  seen: SeenHeaders,
  name: string,
  canonical: string,
  test: (value: string) => boolean,
): boolean {
  const value = seenHeader(seen, name, canonical);
  if (value === undefined || !(test(value) || test(value.trim()))) return false;
  if (!value.includes(',')) return true;
  const parts = value.split(',', MAX_VALUES + 1);
  return parts.length <= MAX_VALUES && parts.every((part) => test(part.trim()));
}

function headerSet(upstream: readonly HeaderEntry[], canonical: string): string | undefined {
  for (const [name, value] of upstream) if (canonicalHeaderName(name) === canonical) return value;
  return undefined;
}
