import type { Timers } from '../clock.ts';
import { namespaceOf, qualifiedName } from '../document/names.ts';
import type { RegisteredKind } from '../policies/environment.ts';
import { Conflict, keyText } from '../registry/conflict.ts';
import type { Resource, ResourceKey, Write } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import { OWNER_OF_FILES } from '../serve/embedded-control.ts';
import type { FilesInForce } from '../serve/embedded-control.ts';
import { keyFor } from '../source/document-keys.ts';
import type { CurrentIndex } from './current-index.ts';
import { fileDocument } from './file-documents.ts';

export interface FilesMirrorPorts {
  readonly registry: Pick<Registry, 'resources' | 'write'>;
  readonly index: Pick<CurrentIndex, 'current'>;
  readonly policyKinds: ReadonlyMap<string, RegisteredKind>;
  readonly timers: Timers;
  readonly onFault: (detail: string) => void;
}

const AUTHOR = { actor: OWNER_OF_FILES, reason: '' };
/** What the database does not take now, it may take later. */
const RETRY_MS = 1000;

/**
 * Keeps in the log what is in force of documents in files, so that everybody sees it and nobody else writes it. The set of
 * such a resource is its file.
 */
export class FilesMirror {
  readonly #ports: FilesMirrorPorts;
  #latest: FilesInForce | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #wake = (): void => {};
  #told = '';

  constructor(ports: FilesMirrorPorts) {
    this.#ports = ports;
  }

  /** It takes the place of what came before and was not written yet. */
  take(files: FilesInForce): void {
    if (this.#isClosed) return;
    this.#latest = files;
    this.#running ??= this.#run();
  }

  /** All that was taken is in the log. */
  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** What is being written is written whole. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let files = this.#latest; files !== undefined; files = this.#latest) {
      this.#latest = undefined;
      try {
        await this.#write(files);
        this.#told = '';
      } catch (error) {
        if (this.#isClosed) break;
        const why = error instanceof Error ? error.message : String(error);
        // Each try says the same.
        if (why !== this.#told) this.#ports.onFault(`documents of files are not in the log yet: ${why}`);
        this.#told = why;
        await this.#pause();
        if (this.#isClosed) break;
        this.#latest ??= files;
      }
    }
    this.#running = undefined;
  }

  async #write({ documents, mayStay }: FilesInForce): Promise<void> {
    const { registry, index, policyKinds } = this.#ports;
    const { index: entries } = await index.current();
    const own = entries
      .kinds()
      .flatMap((kind) => entries.ofKind(kind).filter(({ owner }) => owner === OWNER_OF_FILES))
      .map(({ kind, namespace, name, set }) => ({ kind, namespace, name, set }));
    const wanted = documents.map(({ loaded: { document }, file, written }) => {
      const { kind, metadata } = document;
      return { key: { kind, namespace: namespaceOf(metadata), name: metadata.name }, file, written };
    });
    const known = new Map<string, Resource>();
    for (const resource of await registry.resources(wanted.map(({ key }) => key))) {
      known.set(keyText(resource), resource);
    }
    const writes = wanted.flatMap(({ key, file, written }): readonly Write[] => {
      const before = known.get(keyText(key));
      // Whoever follows the folder tells of it, with the file's name.
      if (before !== undefined && before.owner !== OWNER_OF_FILES) return [];
      const document = fileDocument(written, before?.document, policyKinds);
      return [{ key, document, owner: OWNER_OF_FILES, set: file }];
    });
    const keys = new Set(wanted.map(({ key }) => keyText(key)));
    for (const { set, ...key } of own) {
      if (keys.has(keyText(key)) || mayStay(qualified(key), set)) continue;
      writes.push({ key, document: undefined, owner: OWNER_OF_FILES, set });
    }
    await this.#writeAll(writes);
  }

  /** Others may have taken a name meanwhile: theirs stays. */
  async #writeAll(writes: readonly Write[]): Promise<void> {
    for (let left = writes; left.length > 0;) {
      try {
        await this.#ports.registry.write(left, AUTHOR);
        return;
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        const taken = keyText(error.key);
        const others = left.filter(({ key }) => keyText(key) !== taken);
        if (others.length === left.length) throw error;
        left = others;
      }
    }
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#ports.timers.after(RETRY_MS, resolve);
    this.#wake = resolve;
    await promise;
    cancel();
  }
}

function qualified({ kind, namespace, name }: ResourceKey): string {
  return keyFor(kind, qualifiedName({ namespace, name }));
}
