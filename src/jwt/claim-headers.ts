import type { HeaderEntry } from '../request/header-entry.ts';
import { encodedClaim } from './claim-encoding.ts';
import type { ClaimEncoding } from './claim-encoding.ts';
import { claimAt } from './claim-path.ts';
import type { ClaimPath } from './claim-path.ts';
import type { Claims } from './claims.ts';

export interface ClaimHeader {
  readonly path: ClaimPath;
  /** As the document writes claim or path, in quotes. */
  readonly label: string;
  /** Written as a path: that nothing is there is worth telling. */
  readonly isPath: boolean;
  /** Lower case. */
  readonly header: string;
  readonly encoding: ClaimEncoding;
}

export interface ClaimHeaders {
  readonly headers: readonly HeaderEntry[];
  /** Labels of the paths that lead nowhere. */
  readonly unfound: readonly string[];
}

/**
 * The claims that an upstream gets as headers. A claim that is missing, null or empty sets no header. A value that a
 * header can't represent unambiguously is a fault: a refused request is better than an upstream that reads something
 * else than the issuer said.
 * @returns a sentence without the value where a claim can't be carried
 */
export function claimHeaders(claims: Claims, wanted: readonly ClaimHeader[]): ClaimHeaders | string {
  const headers: HeaderEntry[] = [];
  const unfound: string[] = [];
  for (const { path, label, isPath, header, encoding } of wanted) {
    const value = claimAt(claims, path);
    if (value === undefined && isPath) unfound.push(label);
    const encoded = encodedClaim(value, encoding);
    if (encoded === undefined) continue;
    if ('fault' in encoded) return `the claim ${label} can't become a header: it ${encoded.fault}`;
    headers.push([header, encoded.text]);
  }
  return { headers, unfound };
}
