import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { compile } from '../document/compile.ts';
import type { Compiled, CompiledSnapshot, CompileOptions } from '../document/compile.ts';
import { trimHeap } from '../engine.ts';
import type { Fault } from '../errors.ts';
import { isPassing } from '../file-access.ts';
import type { FileAccess } from '../file-access.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { DirectoryWatch } from './directory-watch.ts';
import type { WatchOptions } from './directory-watch.ts';
import { Stamps } from './fingerprints.ts';
import { FaultyDocuments } from './faulty-documents.ts';
import { loadDocuments } from './load-documents.ts';

export interface ConfigSourceOptions extends CompileOptions, Partial<WatchOptions> {
  /** Directories of documents, or files. */
  readonly paths: readonly string[];
  /** How long Checks may still use a snapshot that another has replaced; then its policies are closed. */
  readonly disposeAfterMs?: number;
  /** How documents are looked at and read. */
  readonly access?: FileAccess;
}

export interface ConfigStatus {
  /** Whether the documents as they are now are in force. */
  readonly successful: boolean;
  /** Empty where they are; else the snapshot in force is the last good one. */
  readonly faults: readonly Fault[];
  /** Of the documents in force: what their authors should know. */
  readonly warnings: readonly Fault[];
  /** When the snapshot in force was loaded, in milliseconds since the Unix epoch. */
  readonly loadedAt: number;
  /** When the documents were last read. */
  readonly attemptedAt: number;
  /** When they were last looked at, changed or not, and the file system answered for all of them. */
  readonly lookedAt: number;
}

/** Documents that are followed: a change is in force within two seconds, a faulty one never. */
export interface ConfigSource {
  /** The snapshot in force. A Check takes it once, so that it sees one version. */
  current(): Snapshot;
  status(): ConfigStatus;
  /** Called after each reload, faulty ones too. @returns what ends it */
  onChange(listener: (snapshot: Snapshot, status: ConfigStatus) => void): () => void;
  /** Stops following and closes the policies: no Check may come any more. */
  close(): Promise<void>;
}

/** Longer than reading on takes where the file system answers. */
const CLOSE_MS = 1000;

/** Files that change while they are read are read again, so often at most. */
const MAX_ATTEMPTS = 5;

/**
 * Loads the documents and follows them.
 * @throws FaultyDocuments (rejects with it) where they have faults
 */
export async function openConfigSource(options: ConfigSourceOptions): Promise<ConfigSource> {
  const source = new FollowedDocuments(options);
  const first = await source.open();
  if (first.snapshot !== undefined) {
    trimHeap();
    return source;
  }
  await source.close();
  throw new FaultyDocuments(first.faults);
}

class FollowedDocuments implements ConfigSource {
  readonly #options: ConfigSourceOptions;
  readonly #watch: DirectoryWatch;
  readonly #listeners = new Set<(snapshot: Snapshot, status: ConfigStatus) => void>();
  readonly #retired = new Map<NodeJS.Timeout, CompiledSnapshot>();
  #compiled: CompiledSnapshot | undefined;
  #faults: readonly Fault[] = [];
  #attemptedAt = 0;
  #lookedAt = 0;
  /** Whether all files could be looked at the last time. */
  #answered = true;
  /** Of the files as last read; undefined where they must be read again in any case. */
  #stamps: Stamps | undefined;
  /** The reload that is under way, and whether a change came in the meantime. */
  #busy: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: ConfigSourceOptions) {
    this.#options = options;
    const { debounceMs = 100, pollMs = 1000 } = options;
    this.#watch = new DirectoryWatch({ debounceMs, pollMs }, () => this.#changed());
  }

  async open(): Promise<Compiled> {
    const reading = this.#read();
    // A look in the meantime waits, as it does for every other reload.
    this.#busy = reading.then(
      () => undefined,
      () => undefined,
    );
    const compiled = await reading;
    this.#busy = undefined;
    if (compiled.snapshot !== undefined) this.#compiled = compiled;
    return compiled;
  }

  current(): Snapshot {
    if (this.#compiled === undefined) throw new TypeError('no documents were loaded');
    return this.#compiled.snapshot;
  }

  status(): ConfigStatus {
    const { loadedAt } = this.current();
    return {
      successful: this.#faults.length === 0,
      faults: this.#faults,
      warnings: this.#compiled?.warnings ?? [],
      loadedAt,
      attemptedAt: this.#attemptedAt,
      lookedAt: this.#lookedAt,
    };
  }

  onChange(listener: (snapshot: Snapshot, status: ConfigStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch.close();
    // A file system that does not answer is not waited for.
    await Promise.race([this.#busy, sleep(CLOSE_MS, undefined, { ref: false })]);
    for (const [timer, compiled] of this.#retired) {
      clearTimeout(timer);
      compiled.dispose();
    }
    this.#retired.clear();
    this.#compiled?.dispose();
  }

  /**
   * Loads anew where files differ from those last read. Never rejects.
   * @returns whether all files could be looked at
   */
  async #changed(): Promise<boolean> {
    this.#again = true;
    this.#busy ??= this.#follow().finally(() => {
      this.#busy = undefined;
    });
    await this.#busy;
    return this.#answered;
  }

  async #follow(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      if (await this.#holds(this.#stamps)) continue;
      const compiled = await this.#read().catch(unexpected);
      if (!this.#closed) this.#take(compiled);
      else if (compiled.snapshot !== undefined) compiled.dispose();
    }
  }

  /** Whether the files are as they were when these stamps were taken. */
  async #holds(stamps: Stamps | undefined): Promise<boolean> {
    const look = await stamps?.hold(this.#options.paths);
    if (look?.same !== true) return false;
    this.#looked(look.answered);
    return true;
  }

  #looked(answered: boolean): void {
    this.#answered = answered;
    if (answered) this.#lookedAt = this.#options.clock.now();
  }

  #take(compiled: Compiled): void {
    const faults = compiled.snapshot === undefined ? compiled.faults : [];
    // Files that are read again and again until they can be: told once.
    if (faults.length > 0 && isDeepStrictEqual(faults, this.#faults)) return;
    this.#faults = faults;
    if (compiled.snapshot !== undefined) {
      const previous = this.#compiled;
      this.#compiled = compiled;
      if (previous !== undefined) this.#retire(previous);
    }
    const snapshot = this.current();
    for (const listener of this.#listeners) listener(snapshot, this.status());
  }

  /** Checks under way still hold the snapshot, so its policies are closed later. */
  #retire(compiled: CompiledSnapshot): void {
    const timer = setTimeout(() => {
      this.#retired.delete(timer);
      compiled.dispose();
    }, this.#options.disposeAfterMs ?? 30_000);
    timer.unref();
    this.#retired.set(timer, compiled);
  }

  /** Loads and compiles; again where files changed meanwhile, since two versions of them could have been mixed. */
  async #read(): Promise<Compiled> {
    const options = this.#options;
    for (let attempt = 1; ; attempt++) {
      const stamps = await Stamps.take(options.paths, options.access);
      this.#attemptedAt = options.clock.now();
      const loaded = await loadDocuments(options.paths, options);
      let { mustRetry } = loaded;
      const compiled = await compile(loaded, {
        ...options,
        readFile: async (path, maxBytes) => {
          await stamps.addSecret(path);
          return options.readFile(path, maxBytes).catch((error: unknown) => {
            mustRetry ||= isPassing(error);
            throw error;
          });
        },
      });
      this.#stamps = mustRetry ? undefined : stamps;
      // A file system that does not answer is not watched either, which would wait for it: the poll goes on.
      if (mustRetry || !stamps.answered) {
        this.#looked(false);
        return compiled;
      }
      this.#watch.follow([...stamps.directories, ...compiled.secretFiles.map((file) => dirname(file))]);
      if (attempt === MAX_ATTEMPTS || this.#closed || (await this.#holds(stamps))) return compiled;
      if (compiled.snapshot !== undefined) compiled.dispose();
    }
  }
}

/** A failure that no document can explain leaves the last good snapshot in force like a fault. */
function unexpected(error: unknown): Compiled {
  const message = `unexpected failure while loading, please report it: ${String(error)}`;
  return { faults: [{ file: 'ostiary', line: 0, column: 0, field: '', message }], warnings: [], secretFiles: [] };
}
