/**
 * How a policy that authenticates says, before it decides, whether a request is meant for it. A group of alternatives
 * (`authentication: {anyOf: […]}`) asks this. The answers never let a request pass: the alternative that is chosen
 * verifies everything.
 */
export interface AuthenticatingBy<Request> {
  /**
   * Where the policy looks, such as `authorization: Bearer`. Two policies with the same text look at the same place
   * of a request, so that one credential may be meant for either.
   */
  readonly credential: string;
  /**
   * Whether the request has the credential at all, however malformed: in every case that `decide` does not treat as
   * missing. It must be cheap: no signature, no hash, no call.
   */
  isPresent(request: Request): boolean;
  /**
   * If several policies have the same {@link credential}: whether this one is meant, for example by the issuer that a
   * token names. Nothing is verified yet. The answer decides who refuses a forged credential, but never whether it is
   * refused. Absent: always.
   */
  isMeant?(request: Request): boolean;
  /**
   * The value of `www-authenticate` for a caller without a credential (RFC 9110, 11.6.1), such as `Basic
   * realm="orders"`; empty if there is none.
   */
  readonly challenge: string;
  /**
   * Request headers that may hold the credential, in lower case. They are removed if another policy of the group
   * decided.
   */
  readonly headers: readonly string[];
  /** Set for policies that accept OAuth access tokens: the metadata of RFC 9728. */
  readonly bearer?: BearerTerms;
}

/** Where a client gets the tokens that a policy accepts, and how it sends them. */
export interface BearerTerms {
  /** Issuer identifiers of authorization servers. Patterns and names that are not URLs are left out. */
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
