/** An option of a policy that has it read a request header. */
export interface HeaderRead {
  readonly field: string;
  /** Lower case. */
  readonly header: string;
  /** The caller's own value is meant, so that a header which policies own is never right here. */
  readonly fromCaller?: true;
}
