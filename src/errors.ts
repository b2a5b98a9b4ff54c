/** One thing wrong with a document, said so that its author can mend it. */
export interface Fault {
  readonly file: string;
  /** 1-based; 0 where the fault has no place in the file. */
  readonly line: number;
  readonly column: number;
  /** Such as `spec.policies[0].config.issuer`; empty for the document as a whole. */
  readonly field: string;
  /** What is wrong, what was expected, and the remedy where there is one. */
  readonly message: string;
  /** Absent: a fault, and the documents are not taken. Else they are, and their author is told. */
  readonly severity?: 'warning' | 'upgrade';
}

/** A command can't do what was asked: `main` prints the message as one line and exits. */
export class UserError extends Error {
  override name = 'UserError';
  /** 1: it failed; 2: it was called wrongly. */
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
