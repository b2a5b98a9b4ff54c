/** Which sidecars enforce a revision. The denominator is every sidecar that has joined and has not left. */
export interface Receipt {
  readonly revision: number;
  readonly enforced: number;
  /** Names of those that are connected and have not acknowledged yet. */
  readonly pending: readonly string[];
  /** Names of those that are not connected. */
  readonly unreachable: readonly string[];
  /** From the write to the last acknowledgement, or until the wait ended. */
  readonly ms: number;
}

export interface Receipts {
  /** Waits until all have acknowledged, at most `waitMs`. */
  of(revision: number, waitMs: number): Promise<Receipt>;
}
