/** An issuer whose statement about the client a policy accepts. */
export interface ClientIssuer {
  /** Equal for two policies that accept the same issuer. */
  readonly name: string;
  /** A pattern for any number of issuers, such as the tenants of a provider. */
  readonly isMany: boolean;
  /** Its form (0.1's) does not say whether other issuers may stand beside it. */
  readonly isPlain?: true;
}
