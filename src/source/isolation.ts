import type { Compiled, CompiledSnapshot } from '../document/compiler.ts';
import type { Loaded } from '../document/load.ts';
import { keyOf } from './document-keys.ts';
import type { Documents } from './document-keys.ts';
import { holdBack } from './hold-back.ts';
import type { HoldBackOptions } from './hold-back.ts';

/** Each time more documents are held back; a set that needs more tries is refused as a whole. */
const MOST_TRIES = 8;

export interface IsolateOptions extends HoldBackOptions {
  /** Compiles exactly these. */
  readonly compile: (documents: Documents) => Promise<Compiled>;
  /** Keys of the APIs that such a document could concern, and that were never in force: they have to wait too. */
  readonly alsoWaiting: (faulty: Loaded) => readonly string[];
}

/** What is put in force of documents of which some have faults. */
export interface Isolated {
  readonly compiled: CompiledSnapshot;
  readonly documents: Documents;
  /** Keys of documents that are not as their authors want them. */
  readonly held: ReadonlySet<string>;
}

/** @returns undefined if nothing of it can be put in force without the rest */
export async function isolate({
  alsoWaiting,
  compile,
  faulty,
  ...options
}: IsolateOptions): Promise<Isolated | undefined> {
  const blamed = new Set(faulty);
  const blame = (loaded: Loaded): void => {
    blamed.add(keyOf(loaded));
    for (const key of alsoWaiting(loaded)) blamed.add(key);
  };
  for (const key of faulty) {
    const loaded = options.wanted.get(key);
    if (loaded !== undefined) blame(loaded);
  }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const { held, documents, isNew } = holdBack({ ...options, faulty: blamed });
    if (!isNew) return undefined;
    const compiled = await compile(documents);
    if (compiled.snapshot !== undefined) return { compiled, documents, held };
    const before = blamed.size;
    for (const loaded of documents.values()) if (compiled.places.has(loaded.place)) blame(loaded);
    // Two that exclude each other, of which one is in force: nobody can say which of the others has to wait.
    if (blamed.size === before) return undefined;
  }
  return undefined;
}
