/** An option with which a policy reads a request header. */
export interface HeaderRead {
  readonly field: string;
  /** Lower case. */
  readonly header: string;
  /** The option means the caller's own value, so a header that policies own is always a mistake here. */
  readonly fromCaller?: true;
}
