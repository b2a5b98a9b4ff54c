// Messages between the main thread and the thread that has the file: one answer for each question, in order.

/** A value that SQLite accepts and returns. */
export type SqliteValue = string | number | bigint | null | Uint8Array;

export interface SqliteOpening {
  readonly file: string;
  /**
   * SQLite's `synchronous`: with `normal`, a power cut loses the last transactions; the end of the process loses
   * none.
   */
  readonly durability: 'normal' | 'full';
  /** How long to wait for another process to release the file. */
  readonly busyTimeoutMs: number;
  /** The memory for pages of the file. */
  readonly cacheKib: number;
}

export type SqliteQuestion =
  | { readonly kind: 'open'; readonly id: number; readonly opening: SqliteOpening }
  | { readonly kind: 'run'; readonly id: number; readonly sql: string; readonly parameters: readonly SqliteValue[] }
  | { readonly kind: 'close'; readonly id: number };

export type SqliteAnswer =
  | { readonly id: number; readonly rows: readonly unknown[]; readonly changes: number | bigint }
  | { readonly id: number; readonly error: SqliteFailure };

export interface SqliteFailure {
  /** SQLite's primary result code; 0: the error is not SQLite's. */
  readonly code: number;
  readonly message: string;
}
