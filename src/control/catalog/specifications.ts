import { setImmediate as pause } from 'node:timers/promises';
import { keyText } from '../../registry/conflict.ts';
import type { Registry } from '../../registry/registry.ts';
import type { IndexedState } from '../current-index.ts';
import { valueAt } from '../facts.ts';
import type { Entry } from '../resource-index.ts';
import { SpecificationWords } from './specification-words.ts';

/** Their texts may have a megabyte each. */
const AT_ONCE = 20;
/** Whoever searches waits for so many: beyond, they are told that there are more. */
const MOST_WAITED_FOR = 40;

/** What specifications say, kept up with the index. Their texts stay in the database: they are read once a change. */
export class Specifications {
  readonly words = new SpecificationWords();
  readonly #registry: Pick<Registry, 'resources'>;
  /** By key: the revision whose text was read. */
  readonly #read = new Map<string, number>();
  #seen: { readonly history: string; readonly revision: number } | undefined;
  readonly #unread = new Map<string, Entry>();
  #reading: Promise<void> | undefined;

  constructor(registry: Pick<Registry, 'resources'>) {
    this.#registry = registry;
  }

  /**
   * Catches up with an index, as far as that is done soon.
   * @returns how many specifications are not read yet; they are being read
   */
  async upTo({ index, history, revision }: IndexedState): Promise<number> {
    if (this.#seen?.history !== history || this.#seen.revision !== revision) {
      // Of another log, a revision says nothing of what was read.
      if (this.#seen?.history !== history) this.#read.clear();
      this.#look(index.ofKind('Specification'));
      this.#seen = { history, revision };
    }
    if (this.#unread.size === 0) return 0;
    const isSoon = this.#unread.size <= MOST_WAITED_FOR;
    // What fails is read with the next search.
    const reading = (this.#reading ??= this.#readAll().finally(() => (this.#reading = undefined))).catch(() => {});
    if (isSoon) await reading;
    return this.#unread.size;
  }

  #look(entries: readonly Entry[]): void {
    const there = new Set<string>();
    for (const entry of entries) {
      const key = keyText(entry);
      there.add(key);
      if (this.#read.get(key) !== entry.revision) this.#unread.set(key, entry);
    }
    for (const key of this.words.keys()) if (!there.has(key)) this.#forget(key);
    for (const key of this.#unread.keys()) if (!there.has(key)) this.#unread.delete(key);
  }

  #forget(key: string): void {
    this.words.delete(key);
    this.#read.delete(key);
  }

  async #readAll(): Promise<void> {
    for (;;) {
      const some = [...this.#unread.values()].slice(0, AT_ONCE);
      if (some.length === 0) return;
      const found = new Map((await this.#registry.resources(some)).map((each) => [keyText(each), each]));
      for (const entry of some) {
        const key = keyText(entry);
        const resource = found.get(key);
        if (resource !== undefined) {
          const text = valueAt(resource.document, ['spec', 'text']);
          this.words.set(key, typeof text === 'string' ? text : '');
          this.#read.set(key, resource.revision);
        }
        // It may have changed meanwhile: the next look finds out.
        if (this.#unread.get(key) === entry) this.#unread.delete(key);
        await pause();
      }
    }
  }
}
