import type { Read } from '../cel/code.ts';
import type { Identity } from '../contract/identity.ts';
import type { Request } from './policy.ts';

/** A value that is selected from a request, compiled once at load. */
export interface Selection {
  /** As the document wrote it. */
  readonly source: string;
  /** What it reads of a request, by the names of CEL. A literal reads nothing. */
  readonly reads: readonly Read[];
  /** The name in lower case, if it selects one whole request header. */
  readonly headerName: string | undefined;
  /** A second header that may hold the same value. */
  readonly otherHeaderName?: string;
  /** True if it selects what can't be hidden from the upstream, such as a query parameter. */
  readonly fromQuery: boolean;
  /** True if it selects a claim. Without a policy that verifies a token it finds nothing. */
  readonly fromClaims: boolean;
  /**
   * Undefined where the request has no such thing; repeated ones are joined with a comma.
   * @param identity in place of what earlier policies have established
   */
  select(request: Request, identity?: Identity): string | undefined;
}

/** The request headers that are read by name, in lower case. */
export function headersAmong(reads: readonly Read[]): readonly string[] {
  return reads.flatMap(({ variable, field, key }) => {
    return variable === 'request' && field === 'headers' && key !== undefined ? [key] : [];
  });
}

/** The namespaces of Envoy's metadata that are read. */
export function metadataAmong(reads: readonly Read[]): readonly string[] {
  return reads.flatMap(({ variable, key }) => (variable === 'metadata' && key !== undefined ? [key] : []));
}
