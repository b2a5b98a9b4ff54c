import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, rename, stat, unlink, utimes } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import type { FileAccess } from '../file-access.ts';
import { FollowResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import { deltaMessages, snapshotMessages } from './encode.ts';
import type { CommitOf } from './encode.ts';
import type { SyncedResource } from './resource-key.ts';
import { seal, unseal } from './seal.ts';
import { Replica, Transaction } from './transaction.ts';
import type { Changed } from './transaction.ts';

/** What a cache held. */
export interface Cached {
  /** As it was received last. */
  readonly replica: Replica;
  /** The latest revision that was in force as a whole. */
  readonly enforcedRevision: number;
  /** What has changed since then, with what was in force. */
  readonly before: Changed;
  /** When the control plane was last heard, in milliseconds since the Unix epoch. */
  readonly heardAt: number;
}

/** What is to be kept. */
export interface Kept {
  readonly resources: ReadonlyMap<string, SyncedResource>;
  /** That have changed since the last time. */
  readonly keys: Iterable<string>;
  readonly commit: CommitOf;
  /** False: some of it has faults, so that something else is enforced. */
  readonly isInForce: boolean;
}

export interface CacheOptions {
  readonly folder: string;
  /** 32 bytes: what is written is encrypted with it (AES-256-GCM). */
  readonly key: Buffer | undefined;
  readonly access: FileAccess;
  /** Ours: what another user has written is not read. */
  readonly userId: number | undefined;
}

/** The cache can't be trusted, or not be read. */
export class CacheFault extends Error {
  override name = 'CacheFault';
}

const NAME = 'documents.cache';
const MAGIC = Buffer.from('ostiary documents 1\n');
const MOST_BYTES = 1024 * 1024 * 1024;
/** A longer record was never written. */
const MOST_RECORD_BYTES = 64 * 1024 * 1024;
const LENGTH_BYTES = 4;
const DIGEST_BYTES = 32;
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
  #digest: Buffer = MAGIC;
  #history = '';
  #baseBytes = 0;
  #appendedBytes = 0;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#path = join(options.folder, NAME);
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
    const { end, ...cached } = this.#read(bytes);
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
    const messages = deltaMessages(keys, (key) => resources.get(key), commit);
    const records = messages.map((message) => this.#record(message, isInForce));
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
      this.#digest = MAGIC;
      let bytes = MAGIC.length;
      await file.appendFile(MAGIC);
      const messages = await snapshotMessages(resources.values(), () => undefined);
      for (const message of [...messages, ...deltaMessages([], () => undefined, commit)]) {
        const record = this.#record(message, true);
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

  #record(message: Uint8Array, isInForce: boolean): Buffer {
    const content = seal(Buffer.concat([Buffer.of(isInForce ? 1 : 0), message]), this.#options.key);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(content.length);
    this.#digest = hash('sha256', Buffer.concat([this.#digest, content]), 'buffer');
    return Buffer.concat([length, this.#digest, content]);
  }

  #read(bytes: Buffer): Omit<Cached, 'heardAt'> & { readonly end: number } {
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new CacheFault('is no cache of documents');
    const replica = new Replica();
    const before = new Map<string, SyncedResource | undefined>();
    let enforcedRevision = 0;
    let transaction = new Transaction();
    let digest: Buffer = MAGIC;
    let end = MAGIC.length;
    this.#digest = MAGIC;
    for (let at = MAGIC.length; at + LENGTH_BYTES + DIGEST_BYTES <= bytes.length;) {
      const from = at + LENGTH_BYTES + DIGEST_BYTES;
      const to = from + bytes.readUInt32BE(at);
      if (to - from > MOST_RECORD_BYTES) throw new CacheFault('was changed or damaged');
      if (to > bytes.length) break;
      const content = bytes.subarray(from, to);
      digest = hash('sha256', Buffer.concat([digest, content]), 'buffer');
      if (!digest.equals(bytes.subarray(at + LENGTH_BYTES, from))) {
        // A crash may leave octets that were never written at the end, and nowhere else.
        if (to === bytes.length) break;
        throw new CacheFault('was changed or damaged');
      }
      at = to;
      const plain = unseal(content, this.#options.key);
      if (plain === undefined) throw new CacheFault('is encrypted with another key, or not at all');
      const { message } = readMessage(plain.subarray(1));
      if (message.case !== 'update') throw new CacheFault('holds something else than documents');
      transaction.add(message.value);
      if (message.value.commit === undefined) continue;
      const changed = transaction.commit(replica, message.value.commit);
      if (changed === undefined) throw new CacheFault('does not hold what it says');
      if (plain[0] === 1) {
        before.clear();
        enforcedRevision = replica.position?.revision ?? 0;
      } else for (const [key, resource] of changed) if (!before.has(key)) before.set(key, resource);
      transaction = new Transaction();
      end = to;
      this.#digest = digest;
    }
    if (replica.position === undefined) throw new CacheFault('ends before its first commit');
    return { replica, before, enforcedRevision, end };
  }
}

function readMessage(bytes: Uint8Array) {
  try {
    return fromBinary(FollowResponseSchema, bytes);
  } catch {
    throw new CacheFault('can not be read: it is encrypted, or of a later version');
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
