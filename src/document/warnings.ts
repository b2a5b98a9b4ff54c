import type { Fault } from '../errors.ts';
import type { UpgradeNote } from '../policy/upgrade-note.ts';
import { Faults } from './fault.ts';
import type { Issue } from './issues.ts';
import { addIssues } from './load.ts';
import type { Loaded, Place } from './load.ts';
import type { Document } from './schema.ts';

/**
 * What a document itself shows to be decided otherwise than by an earlier release; for its policies, their kinds do.
 */
const documentNotes: readonly ((document: Document) => readonly UpgradeNote[])[] = [];

/** Collects what authors should know of documents that are in force. */
export class Warnings {
  readonly #found = new Faults();

  add(place: Place, issues: readonly Issue[]): void {
    addIssues(this.#found, place, issues, 'warning');
  }

  upgrade(place: Place, notes: readonly UpgradeNote[]): void {
    const issues = notes.map(({ id, path, message }): Issue => {
      return { path, at: 'key', message: `${message} (\`${id}\` in docs/upgrade.md)` };
    });
    addIssues(this.#found, place, issues, 'upgrade');
  }

  ofDocuments(documents: Iterable<Loaded>): void {
    for (const notesOf of documentNotes) {
      for (const { place, document } of documents) this.upgrade(place, notesOf(document));
    }
  }

  /** Those that were found before and still hold. */
  keep(faults: readonly Fault[]): void {
    for (const fault of faults) this.#found.add(() => fault);
  }

  sorted(): readonly Fault[] {
    return this.#found.sorted();
  }
}
