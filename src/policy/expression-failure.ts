/** An expression that had no value for a request. */
export interface ExpressionFailure {
  /** As the document wrote it. */
  readonly expression: string;
  /** Where in it what failed; nothing of the request is in it. */
  readonly message: string;
}
