import { createHash, hash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isRecord } from '../document/load.ts';
import type { Position } from './position.ts';
import type { Scope } from './scope.ts';

/** What such a file says of itself, all of it signed. */
export interface SnapshotHead extends Position {
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly scope: Scope;
  /** How many documents of each kind it has. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Its documents are encrypted. */
  readonly isEncrypted: boolean;
  /** Of the documents: the file of a sidecar's cache. */
  readonly bytes: number;
  readonly sha256: string;
  /** Of the key that it is signed with: see {@link fingerprintOf}. */
  readonly signer: string;
}

export interface SnapshotFile {
  readonly head: SnapshotHead;
  /** As a cache has them: see `readRecords`. */
  readonly documents: Buffer;
}

/** The file can't be trusted. The message is a sentence about it, without its name. */
export class SnapshotFault extends Error {
  override name = 'SnapshotFault';
}

const SNAPSHOT_MAGIC = 'ostiary snapshot 1\n';
/** Lines before the documents are shorter. */
const MOST_HEAD_BYTES = 1024 * 1024;
const FINGERPRINT_DIGITS = 16;

/** @param key public or private, Ed25519 */
export function fingerprintOf(publicKey: KeyObject): string {
  return hash('sha256', publicKey.export({ type: 'spki', format: 'der' })).slice(0, FINGERPRINT_DIGITS);
}

/** A file of documents with a signature over all that it says. */
export function signSnapshot(
  head: Omit<SnapshotHead, 'bytes' | 'sha256' | 'signer'>,
  documents: readonly Buffer[],
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
): Buffer {
  const digest = createHash('sha256');
  let bytes = 0;
  for (const part of documents) {
    digest.update(part);
    bytes += part.length;
  }
  const whole: SnapshotHead = { ...head, bytes, sha256: digest.digest('hex'), signer: fingerprintOf(publicKey) };
  const signed = `${SNAPSHOT_MAGIC}${JSON.stringify(whole)}\n`;
  const signature = sign(undefined, Buffer.from(signed), privateKey).toString('base64');
  return Buffer.concat([Buffer.from(`${signed}${signature}\n`), ...documents]);
}

/**
 * Reads what a file says, and sees that it is what was signed.
 * @param publicKey undefined: it is not known who may sign it, so that anybody may have made it
 * @throws SnapshotFault
 */
export function readSnapshot(file: Buffer, publicKey: KeyObject | undefined): SnapshotFile {
  if (!file.subarray(0, SNAPSHOT_MAGIC.length).equals(Buffer.from(SNAPSHOT_MAGIC).subarray(0, file.length)))
    throw new SnapshotFault('is no snapshot of a control plane');
  const endOfHead = file.subarray(0, MOST_HEAD_BYTES).indexOf('\n', SNAPSHOT_MAGIC.length);
  const endOfSignature = endOfHead < 0 ? -1 : file.subarray(0, MOST_HEAD_BYTES).indexOf('\n', endOfHead + 1);
  if (endOfSignature < 0) {
    const isLong = file.length >= MOST_HEAD_BYTES;
    throw new SnapshotFault(
      isLong ? 'is no snapshot of a control plane' : `is truncated: it ends after ${file.length} bytes`,
    );
  }
  const head = headOf(file.toString('utf8', SNAPSHOT_MAGIC.length, endOfHead));
  if (publicKey !== undefined) {
    const signature = file.toString('latin1', endOfHead + 1, endOfSignature);
    refuseOther(head, file.subarray(0, endOfHead + 1), signature, publicKey);
  }
  const documents = file.subarray(endOfSignature + 1);
  if (documents.length < head.bytes) {
    const whole = endOfSignature + 1 + head.bytes;
    throw new SnapshotFault(`is truncated: it has ${file.length} of ${whole} bytes`);
  }
  if (documents.length > head.bytes || hash('sha256', documents) !== head.sha256)
    throw new SnapshotFault('was changed: its documents are not those that were signed');
  return { head, documents };
}

/** @throws SnapshotFault */
function refuseOther(head: SnapshotHead, signed: Buffer, written: string, publicKey: KeyObject): void {
  const signature = Buffer.from(written, 'base64');
  // Other texts are read as the same octets.
  const isExact = signature.toString('base64') === written;
  if (isExact && verify(undefined, signed, publicKey, signature)) return;
  const expected = fingerprintOf(publicKey);
  throw new SnapshotFault(
    head.signer === expected
      ? 'was changed: its signature is not of what it says of itself'
      : `is signed with another key: ${head.signer}, and ${expected} was expected`,
  );
}

/** @throws SnapshotFault */
function headOf(text: string): SnapshotHead {
  try {
    const head: unknown = JSON.parse(text);
    if (isRecord(head) && isHead(head)) return head;
  } catch {
    // As any other text.
  }
  throw new SnapshotFault('was changed, or is of a later version: what it says of itself can not be read');
}

function isHead(head: Readonly<Record<string, unknown>>): head is Readonly<Record<string, unknown>> & SnapshotHead {
  const texts = ['history', 'chainHash', 'sha256', 'signer'].every((field) => typeof head[field] === 'string');
  const numbers = ['revision', 'committedAt', 'createdAt', 'bytes'].every((field) => Number.isSafeInteger(head[field]));
  const { scope, kinds } = head;
  return (
    texts &&
    numbers &&
    isRecord(kinds) &&
    isRecord(scope) &&
    Array.isArray(scope['namespaces']) &&
    Array.isArray(scope['apis']) &&
    isRecord(scope['labels'])
  );
}
