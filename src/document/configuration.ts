import { withSentences } from '../denial/reasons.ts';
import type { ReasonTable } from '../denial/reasons.ts';
import type { Changes, DocumentIndex } from './document-index.ts';
import type { Faults } from './fault.ts';
import { addIssues, whereIs } from './load.ts';
import type { Loaded } from './load.ts';
import { qualifiedName, withoutProse } from './names.ts';
import type { VersionDigest } from './version.ts';

/** The texts of denials; only one document may set them. */
export class MessageStage {
  readonly #version: VersionDigest;
  #documents: readonly Loaded<'Configuration'>[] = [];

  constructor(version: VersionDigest) {
    this.#version = version;
  }

  /** The table, with the texts of the document in place of the default ones. */
  reasons(table: ReasonTable): ReasonTable {
    return withSentences(table, this.#documents[0]?.document.spec.messages ?? {});
  }

  take(changes: Changes, index: DocumentIndex): void {
    if (!changes.touches('Configuration')) return;
    for (const { document } of changes.removals('Configuration')) {
      this.#version.remove('Configuration', qualifiedName(document.metadata), withoutProse(document));
    }
    for (const { document } of changes.upserts('Configuration')) {
      this.#version.add('Configuration', qualifiedName(document.metadata), withoutProse(document));
    }
    this.#documents = [...index.all('Configuration')];
  }

  tellFaults(faults: Faults): void {
    const [first, ...others] = this.#documents;
    for (const { place } of others) {
      const message = `there is one Configuration already: ${first === undefined ? '' : whereIs(first)}`;
      addIssues(faults, place, [{ path: ['kind'], at: 'value', message }]);
    }
  }
}
