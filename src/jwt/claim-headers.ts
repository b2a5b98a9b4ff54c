import { isFieldValue } from '../request/field-value.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { claimOf } from './claims.ts';
import type { Claims } from './claims.ts';

export interface ClaimHeader {
  readonly claim: string;
  /** Lower case. */
  readonly header: string;
}

/**
 * The claims that an upstream gets as headers. A claim that is missing, null or empty sets no header. A value that a
 * header can't represent unambiguously is a fault: a refused request is better than an upstream that reads something
 * else than the issuer said.
 * @returns a sentence without the value where a claim can't be carried
 */
export function claimHeaders(claims: Claims, wanted: readonly ClaimHeader[]): readonly HeaderEntry[] | string {
  const headers: HeaderEntry[] = [];
  for (const { claim, header } of wanted) {
    const value = claimOf(claims, claim);
    if (value === undefined || value === null) continue;
    const texts = (Array.isArray(value) ? value : [value]).map(textOf);
    if (!texts.every((text) => text !== undefined))
      return fault(claim, 'is no text, number or boolean, nor a list of them');
    if (Array.isArray(value) && texts.some((text) => text === '' || text.includes(','))) {
      return fault(claim, 'is a list with an empty element or a comma in one');
    }
    const text = texts.join(',');
    if (text === '') continue;
    if (!isFieldValue(text)) return fault(claim, 'has a control character or white space at its start or end');
    headers.push([header, text]);
  }
  return headers;
}

function fault(claim: string, what: string): string {
  return `the claim ${JSON.stringify(claim)} can't become a header: it ${what}`;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  // A larger integer has lost digits on the way: it could name somebody else.
  const exact = typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return exact ? String(value) : undefined;
}
