/** Whose word on the client a policy takes. */
export interface ClientIssuer {
  /** Equal for two policies that take the word of the same one. */
  readonly name: string;
  /** It stands for any number of them, such as the tenants of a provider. */
  readonly isMany: boolean;
  /** Written in a form that did not say whether it may stand beside others. */
  readonly isPlain?: true;
}
