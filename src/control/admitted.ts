import type { Issue } from '../document/issues.ts';

/** A document as the log may keep it. */
export interface Admitted {
  readonly document: Readonly<Record<string, unknown>>;
  /** If there is one, the document must not be kept. */
  readonly issues: readonly Issue[];
  readonly warnings: readonly Issue[];
}
