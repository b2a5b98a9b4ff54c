// The messages between the thread that decides and the one that has the file: one answer for each question, in order.

/** What SQLite takes and gives. */
export type SqliteValue = string | number | bigint | null | Uint8Array;

export interface SqliteOpening {
  readonly file: string;
  /** SQLite's `synchronous`: with `normal`, a power cut loses the last transactions; a killed process none. */
  readonly durability: 'normal' | 'full';
  /** How long another process may take to let go of the file. */
  readonly patienceMs: number;
  /** Of the file's pages in memory. */
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
  /** SQLite's primary result code; 0: not SQLite's. */
  readonly code: number;
  readonly message: string;
}
