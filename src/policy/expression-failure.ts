/** An expression that had no value for a request. */
export interface ExpressionFailure {
  /** As the document wrote it. */
  readonly expression: string;
  /** The place in the expression and what failed there. It holds nothing of the request. */
  readonly message: string;
}
