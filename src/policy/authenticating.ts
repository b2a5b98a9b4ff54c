/**
 * How a policy that authenticates says whether a request is meant for it, before it decides. A group of
 * alternatives (`authentication: {anyOf: […]}`) asks it; what it answers never lets a request pass: the one
 * alternative that is chosen verifies everything.
 */
export interface AuthenticatingBy<Request> {
  /**
   * What it looks at, such as `authorization: Bearer`: two policies that give the same text look at the same place of
   * a request, so that one credential may be meant for either.
   */
  readonly credential: string;
  /**
   * Whether the request has the credential at all, however malformed: whatever its `decide` would not
   * call missing. It must be cheap: no signature, no hash, no call.
   */
  isPresent(request: Request): boolean;
  /**
   * Of several policies with one {@link credential}: whether this one is meant, such as by the issuer that a token
   * names. Nothing is verified yet: it chooses who refuses a forged credential, never whether. Absent: always.
   */
  isMeant?(request: Request): boolean;
  /** The value of `www-authenticate` for a caller who gives nothing (RFC 9110, 11.6.1), such as `Basic realm="orders"`; empty if a caller can add none. */
  readonly challenge: string;
  /** Request headers that may hold the credential, in lower case. If another policy of a group decided, they are removed. */
  readonly headers: readonly string[];
  /** For policies that take OAuth access tokens: the metadata of RFC 9728. */
  readonly bearer?: BearerTerms;
}

/** Where a client gets the tokens that a policy takes, and how it sends them. */
export interface BearerTerms {
  /** Issuer identifiers of authorization servers, without patterns and without those that are no URL. */
  readonly issuers: readonly string[];
  /** Scopes that a token needs. */
  readonly scopes: readonly string[];
  /** RFC 6750's ways to send the token. Empty if the token is sent in another header. */
  readonly methods: readonly ('header' | 'query')[];
}

/** The credential of every policy that takes `authorization: Bearer …` (RFC 6750, 2.1). */
export const BEARER_HEADER = 'authorization: Bearer';

/** The credential of every policy that takes `authorization: Basic …` (RFC 7617). */
export const BASIC_HEADER = 'authorization: Basic';
