import type { Read } from '../cel/code.ts';
import type { Identity } from '../contract/identity.ts';
import type { Request } from './policy.ts';

/** A value that is selected from a request, compiled once at load. */
export interface Selection {
  /** As the document wrote it. */
  readonly source: string;
  /** What of a request it reads, in the names that CEL has for it; a literal reads nothing. */
  readonly reads: readonly Read[];
  /** The lower-case name, where it selects a request header as it is. */
  readonly headerName: string | undefined;
  /** A second header in which the same may be. */
  readonly otherHeaderName?: string;
  /** True where it selects what callers send and the upstream sees in any case, such as a query parameter. */
  readonly fromQuery: boolean;
  /** True where it selects a claim of a verified token: without a policy that verifies one it finds nothing. */
  readonly fromClaims: boolean;
  /**
   * Undefined where the request has no such thing; repeated ones are joined with a comma.
   * @param identity in place of what earlier policies have established
   */
  select(request: Request, identity?: Identity): string | undefined;
}

/** The request headers that are read, in lower case; what reads all of them names none. */
export function headersAmong(reads: readonly Read[]): readonly string[] {
  return reads.flatMap(({ variable, field, key }) => {
    return variable === 'request' && field === 'headers' && key !== undefined ? [key] : [];
  });
}

/** The namespaces of Envoy's metadata that are read. */
export function metadataAmong(reads: readonly Read[]): readonly string[] {
  return reads.flatMap(({ variable, key }) => (variable === 'metadata' && key !== undefined ? [key] : []));
}
