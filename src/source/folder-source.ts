import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { Faults, unexpectedFault } from '../document/fault.ts';
import type { DocumentReader } from '../document/load.ts';
import { isPassing } from '../file-access.ts';
import type { FileAccess } from '../file-access.ts';
import { DirectoryWatch } from './directory-watch.ts';
import type { WatchOptions } from './directory-watch.ts';
import type { Delivery, DocumentSource, Outcome } from './document-source.ts';
import { followDocuments } from './documents-in-force.ts';
import type { ConfigSource, InForceOptions } from './documents-in-force.ts';
import { Fingerprints } from './fingerprints.ts';
import { loadDocuments } from './load-documents.ts';

export interface FolderOptions extends Partial<WatchOptions> {
  /** Directories of documents, or files. */
  readonly paths: readonly string[];
  readonly clock: Clock;
  /** Reads files that documents name. */
  readonly readFile: Delivery['readFile'];
  /** How documents are looked at and read. */
  readonly access?: FileAccess;
  /** Makes what takes over documents, each time they are read; absent: they are held against their schemas. */
  readonly newReading?: () => DocumentReader;
}

/** Longer than further reading takes if the file system answers. */
const CLOSE_MS = 1000;

/** How often files that change while they are read are read again, at most. */
const MAX_ATTEMPTS = 5;

/**
 * Loads the documents of a folder and follows them: a change is in force within two seconds.
 * @throws FaultyDocuments (rejects with it) if they have faults
 */
export function followFolder(options: FolderOptions & InForceOptions): Promise<ConfigSource> {
  return followDocuments(new FolderSource(options), options);
}

/** Files of documents. When one has changed, all are read. */
export class FolderSource implements DocumentSource {
  readonly tellsChanges = false;
  readonly #options: FolderOptions;
  readonly #watch: DirectoryWatch;
  #take: (delivery: Delivery) => Promise<Outcome> = () => Promise.resolve({ result: 'outdated' });
  #lookedAt = 0;
  /** When the documents were last read. */
  #readAt = 0;
  /** Whether all files could be checked the last time. */
  #answered = true;
  /** The state of the files when they were last read; undefined if they must be read again in any case. */
  #fingerprints: Fingerprints | undefined;
  /** The reading that is under way, and whether a change came in the meantime. */
  #busy: Promise<unknown> | undefined;
  #again = false;
  #closed = false;

  constructor(options: FolderOptions) {
    this.#options = options;
    const { debounceMs = 100, pollMs = 1000, clock } = options;
    this.#watch = new DirectoryWatch({ debounceMs, pollMs, clock }, () => this.#changed());
  }

  get lookedAt(): number {
    return this.#lookedAt;
  }

  async open(take: (delivery: Delivery) => Promise<Outcome>): Promise<Outcome> {
    this.#take = take;
    const reading = this.#deliver();
    // A check in the meantime waits, as for every other reading.
    this.#busy = reading.catch(() => {});
    try {
      return await reading;
    } finally {
      this.#busy = undefined;
    }
  }

  /** Comes to rest when what is in the folder now was delivered. Never rejects. */
  async lookAgain(): Promise<void> {
    await this.#changed();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch.close();
    // A file system that does not answer is not waited for.
    await Promise.race([this.#busy, sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  /**
   * Reads again if files differ from the last reading. Never rejects.
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
      try {
        if (!(await this.#holds(this.#fingerprints))) await this.#deliver();
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  /** An unexpected failure is reported like a fault. */
  async #failed(error: unknown): Promise<void> {
    const faults = new Faults();
    faults.add(() => unexpectedFault(error));
    const set = { complete: true, documents: [], broken: [], faults, sources: [], unknown: ['ostiary'] } as const;
    const { readFile } = this.#options;
    await this.#take({ set, readAt: this.#readAt, readFile, stillHolds: async () => true });
  }

  /** Whether the files are as they were when these fingerprints were taken. */
  async #holds(fingerprints: Fingerprints | undefined): Promise<boolean> {
    const look = await fingerprints?.hold(this.#options.paths);
    if (look?.same !== true) return false;
    this.#looked(look.answered);
    return true;
  }

  #looked(answered: boolean): void {
    this.#answered = answered;
    if (answered) this.#lookedAt = this.#options.clock.now();
  }

  /** Reads and delivers. Repeats this if files have changed in the meantime, since two versions could be mixed. */
  async #deliver(): Promise<Outcome> {
    const options = this.#options;
    for (let attempt = 1; ; attempt++) {
      const fingerprints = await Fingerprints.take(options.paths, options.access);
      const readAt = options.clock.now();
      this.#readAt = readAt;
      const { clock, access, newReading } = options;
      const set = await loadDocuments(options.paths, {
        clock,
        ...(access && { access }),
        ...(newReading && { reading: newReading() }),
      });
      let { mustRetry } = set;
      const readFile: Delivery['readFile'] = async (path, maxBytes) => {
        await fingerprints.addNamed(path);
        try {
          return await options.readFile(path, maxBytes);
        } catch (error) {
          mustRetry ||= isPassing(error);
          throw error;
        }
      };
      const outcome = await this.#take({
        set,
        readAt,
        readFile,
        stillHolds: async (files) => {
          this.#fingerprints = mustRetry ? undefined : fingerprints;
          // A file system that does not answer is not watched, since that would block: polling goes on.
          if (mustRetry || !fingerprints.answered) {
            this.#looked(false);
            return true;
          }
          this.#watch.follow([...fingerprints.directories, ...files.map((file) => dirname(file))]);
          return attempt === MAX_ATTEMPTS || (await this.#holds(fingerprints));
        },
      });
      if (outcome.result !== 'outdated' || this.#closed) return outcome;
    }
  }
}
