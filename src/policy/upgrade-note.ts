/**
 * Something that a document says or leaves out, and that an earlier release decided otherwise. It is not a fault: the
 * document is in force.
 */
export interface UpgradeNote {
  /** The row of `docs/upgrade.md` that explains it. */
  readonly id: string;
  /** The field. If it is left out, the message names the place of its parent. */
  readonly path: readonly PropertyKey[];
  /** The present behaviour, and what to write for either behaviour. */
  readonly message: string;
}

/** Every note is made here, so that a test finds each id and asks `docs/upgrade.md` for its row. */
export function upgrade(id: string, path: readonly PropertyKey[], message: string): UpgradeNote {
  return { id, path, message };
}
