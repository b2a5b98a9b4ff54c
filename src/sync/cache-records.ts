import { hash } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { FollowResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { SyncedResource } from './resource-key.ts';
import { seal, unseal } from './seal.ts';
import { Replica, Transaction } from './transaction.ts';
import type { Changed } from './transaction.ts';

/** The file can't be trusted, or not be read. */
export class CacheFault extends Error {
  override name = 'CacheFault';
}

/** What records hold. */
export interface RecordedDocuments {
  /** As it was received last. */
  readonly replica: Replica;
  /** The latest revision that was in force as a whole. */
  readonly enforcedRevision: number;
  /** What has changed since then, with what was in force. */
  readonly before: Changed;
}

/** How such a file begins. */
export const MAGIC = Buffer.from('ostiary documents 1\n');
/** A longer record was never written. */
const MOST_RECORD_BYTES = 64 * 1024 * 1024;
const LENGTH_BYTES = 4;
const DIGEST_BYTES = 32;

/** Makes records, each of which has a digest over its bytes and the digest before. */
export class RecordWriter {
  readonly #key: Buffer | undefined;
  /** Of the last record. */
  #digest: Buffer;

  /** @param key 32 bytes, to encrypt with @param digest of the last record; absent: there is none yet */
  constructor(key: Buffer | undefined, digest: Buffer = MAGIC) {
    this.#key = key;
    this.#digest = digest;
  }

  record(message: Uint8Array, isInForce: boolean): Buffer {
    const content = seal(Buffer.concat([Buffer.of(isInForce ? 1 : 0), message]), this.#key);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(content.length);
    this.#digest = hash('sha256', Buffer.concat([this.#digest, content]), 'buffer');
    return Buffer.concat([length, this.#digest, content]);
  }
}

/**
 * Reads records up to the last commit; what a crash has cut off at the end is left out.
 * @param isOwn we have written them: their digests are enough, and what was in force is not added up again
 * @throws CacheFault
 */
export function readRecords(
  bytes: Buffer,
  key: Buffer | undefined,
  isOwn = false,
): RecordedDocuments & { readonly end: number; readonly digest: Buffer } {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new CacheFault('is not a cache of documents');
  const replica = new Replica();
  const before = new Map<string, SyncedResource | undefined>();
  let enforcedRevision = 0;
  let transaction = new Transaction();
  let digest: Buffer = MAGIC;
  let committed: Buffer = MAGIC;
  let end = MAGIC.length;
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
    const plain = unseal(content, key);
    if (plain === undefined) throw new CacheFault('is encrypted with another key, or not at all');
    const { message } = readMessage(plain.subarray(1));
    if (message.case !== 'update') throw new CacheFault('holds something else than documents');
    transaction.add(message.value);
    if (message.value.commit === undefined) continue;
    const isInForce = plain[0] === 1;
    // It was in force here: so it was added up before.
    if (isInForce && isOwn) transaction.restore(replica, message.value.commit);
    else {
      const changed = transaction.commit(replica, message.value.commit);
      if (changed === undefined) throw new CacheFault('does not hold what it says');
      for (const [each, resource] of changed) if (!before.has(each)) before.set(each, resource);
    }
    if (isInForce) {
      before.clear();
      enforcedRevision = replica.position?.revision ?? 0;
    }
    transaction = new Transaction();
    end = to;
    committed = digest;
  }
  if (replica.position === undefined) throw new CacheFault('ends before its first commit');
  return { replica, before, enforcedRevision, end, digest: committed };
}

function readMessage(bytes: Uint8Array) {
  try {
    return fromBinary(FollowResponseSchema, bytes);
  } catch {
    throw new CacheFault('can not be read: it is encrypted, or of a later version');
  }
}
