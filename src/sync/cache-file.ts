import { constants } from 'node:fs';
import { chmod, mkdir, open, rename, stat, unlink, utimes } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAccess } from '../file-access.ts';
import { MAGIC, readRecords, RecordWriter } from './cache-records.ts';
import type { RecordedDocuments } from './cache-records.ts';
import { deltaMessages, snapshotMessages } from './encode.ts';
import type { CommitOf } from './encode.ts';
import type { SyncedResource } from './resource-key.ts';
import { withoutValues } from './secret-values.ts';

/** What a cache held. Without a key, Secrets in it have no values. */
export interface Cached extends RecordedDocuments {
  /** When the control plane was last heard, in milliseconds since the Unix epoch. */
  readonly heardAt: number;
}

/** What is to be kept. */
export interface Kept {
  readonly resources: ReadonlyMap<string, SyncedResource>;
  /** That have changed since the last time. */
  readonly keys: Iterable<string>;
  readonly commit: CommitOf;
  /** What is enforced is made of this alone; false: some of it has faults, and what was in force before stays. */
  readonly isInForce: boolean;
}

export interface CacheOptions {
  readonly folder: string;
  /** 32 bytes: what is written is encrypted with it (AES-256-GCM). Without it, values of Secrets are not written. */
  readonly key: Buffer | undefined;
  readonly access: FileAccess;
  /** Ours: what another user has written is not read. */
  readonly userId: number | undefined;
}

const NAME = 'documents.cache';
const MOST_BYTES = 1024 * 1024 * 1024;
/** The file is written anew when what was appended is larger than this and than what it was appended to. */
const LEAST_APPENDED_BYTES = 1024 * 1024;

/**
 * The documents in force, on disk: all of them at some position, and the changes that followed, as messages of the
 * protocol. Each record has a digest over its bytes and the digest before, so that nothing in it can be changed or left out
 * unnoticed; what a crash has cut off at the end was never acknowledged.
 */
export class CacheFile {
  readonly #options: CacheOptions;
  readonly #path: string;
  #file: FileHandle | undefined;
  #writer: RecordWriter;
  #history = '';
  #baseBytes = 0;
  #appendedBytes = 0;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#path = join(options.folder, NAME);
    this.#writer = new RecordWriter(options.key);
  }

  /**
   * @returns undefined: there is no cache yet
   * @throws CacheFault (rejects with it), or the system's error
   */
  async load(): Promise<Cached | undefined> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    let bytes: Buffer;
    let heardAt: number;
    try {
      ({ mtimeMs: heardAt } = await stat(this.#path));
      bytes = await this.#options.access.read(this.#path, MOST_BYTES, this.#options.userId);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const { end, digest, ...cached } = readRecords(bytes, this.#options.key, true);
    this.#writer = new RecordWriter(this.#options.key, digest);
    this.#file = await open(this.#path, constants.O_RDWR | constants.O_APPEND);
    // A record that was cut off would stand before the next one.
    await this.#file.truncate(end);
    this.#baseBytes = end;
    this.#history = cached.replica.position?.history ?? '';
    return { ...cached, heardAt };
  }

  /**
   * Writes what has changed, so that it outlives a crash of the machine.
   * @throws (rejects with) the system's error
   */
  async save({ resources, keys, commit, isInForce }: Kept): Promise<void> {
    const isLong = this.#appendedBytes > Math.max(this.#baseBytes, LEAST_APPENDED_BYTES);
    // A history has nothing to build upon in another one.
    const isOther = commit.position.history !== this.#history;
    const file = this.#file;
    // What is written anew is what is in force: of what has faults the file would not tell what to enforce.
    if (isInForce && (file === undefined || isLong || isOther)) return this.#rewrite(resources, commit);
    if (file === undefined || isOther) return;
    const keptOf = (resource: SyncedResource | undefined) => resource && this.#kept(resource);
    const messages = deltaMessages(keys, (key) => keptOf(resources.get(key)), commit);
    const records = messages.map((message) => this.#writer.record(message, isInForce));
    const bytes = Buffer.concat(records);
    try {
      await file.appendFile(bytes);
      await file.datasync();
      this.#appendedBytes += bytes.length;
    } catch (error) {
      // What was written of it is unknown.
      await this.#release();
      throw error;
    }
  }

  /** The control plane was heard: what is here is as new as can be. */
  async heard(at: number): Promise<void> {
    if (this.#file !== undefined) await utimes(this.#path, at / 1000, at / 1000);
  }

  async close(): Promise<void> {
    await this.#release();
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #rewrite(resources: Kept['resources'], commit: CommitOf): Promise<void> {
    await this.#release();
    await chmod(this.#options.folder, 0o700);
    const draft = `${this.#path}.new`;
    await unlink(draft).catch(() => {});
    const file = await open(draft, 'wx', 0o600);
    try {
      this.#writer = new RecordWriter(this.#options.key);
      let bytes = MAGIC.length;
      await file.appendFile(MAGIC);
      const kept = resources.values().map((resource) => this.#kept(resource));
      const messages = await snapshotMessages(kept, () => undefined);
      for (const message of [...messages, ...deltaMessages([], () => undefined, commit)]) {
        const record = this.#writer.record(message, true);
        bytes += record.length;
        await file.appendFile(record);
      }
      await file.sync();
      await rename(draft, this.#path);
      await syncFolder(this.#options.folder);
      this.#baseBytes = bytes;
      this.#appendedBytes = 0;
      this.#history = commit.position.history;
      this.#file = file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Without a key, nothing that is secret is on the disk. */
  #kept<R extends SyncedResource>(resource: R): R {
    return this.#options.key === undefined ? withoutValues(resource) : resource;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
