import type { HeaderEntry } from '../request/header-entry.ts';
import { encodedClaim } from './claim-encoding.ts';
import type { ClaimEncoding } from './claim-encoding.ts';
import { claimAt } from './claim-path.ts';
import type { ClaimPath } from './claim-path.ts';
import type { Claims } from './claims.ts';

export interface ClaimHeader {
  readonly path: ClaimPath;
  /** The claim or path as the document writes it, in quotes. */
  readonly label: string;
  /** The claim is given by a path: a path without a value is reported. */
  readonly isPath: boolean;
  /** Lower case. */
  readonly header: string;
  readonly encoding: ClaimEncoding;
}

export interface ClaimHeaders {
  readonly headers: readonly HeaderEntry[];
  /** Labels of the paths that have no value. */
  readonly unfound: readonly string[];
}

/**
 * Makes the headers that tell an upstream about claims. A claim that is missing, null or empty sets no header. A
 * value that a header can't represent exactly is a fault: refusing the request is better than letting the upstream
 * read something that the issuer did not say.
 * @returns a sentence without the value if a claim can't be represented
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
