import type { KeyObject } from 'node:crypto';
import { UserError } from '../../errors.ts';
import { MAGIC, readRecords } from '../../sync/cache-records.ts';
import type { Position } from '../../sync/position.ts';
import { qualifiedKey } from '../../sync/resource-key.ts';
import { readSnapshot } from '../../sync/snapshot-file.ts';
import type { SnapshotHead } from '../../sync/snapshot-file.ts';
import { shown } from '../analytics/shown.ts';
import { scopeText } from './sidecars.ts';

/** What a file tells. */
export interface Inspection {
  /** Undefined: it is the cache of a sidecar, which nobody signs. */
  readonly head: SnapshotHead | undefined;
  readonly position: Position;
  readonly kinds: Readonly<Record<string, number>>;
  /** Such as `Api shop/orders`; undefined: they are encrypted, and the key was not given. */
  readonly documents: readonly string[] | undefined;
  /** It was verified. */
  readonly isVerified: boolean;
}

/**
 * Reads a snapshot, or the cache of a sidecar.
 * @param publicKey undefined: the signature is not looked at
 * @throws SnapshotFault, CacheFault (rejects with them), whose message is about the file; UserError
 */
export async function inspected(
  file: Buffer,
  publicKey: KeyObject | undefined,
  cacheKey: Buffer | undefined,
): Promise<Inspection> {
  const isCache = file.subarray(0, MAGIC.length).equals(MAGIC);
  if (isCache && publicKey !== undefined)
    throw new UserError('this is the cache of a sidecar, which nobody signs: leave --key out');
  const snapshot = isCache ? undefined : readSnapshot(file, publicKey);
  const head = snapshot?.head;
  if (head?.isEncrypted === true && cacheKey === undefined)
    return { head, position: head, kinds: head.kinds, documents: undefined, isVerified: publicKey !== undefined };
  const key = head === undefined || head.isEncrypted ? cacheKey : undefined;
  const { replica } = readRecords(snapshot?.documents ?? file, key);
  const resources = [...replica.resources.values()];
  const kinds: Record<string, number> = {};
  for (const { kind } of resources) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const documents = resources.map((each) => `${each.kind} ${qualifiedKey(each)}`).toSorted();
  const { position } = replica;
  if (position === undefined) throw new TypeError('records end with a commit');
  return { head, position, kinds, documents, isVerified: publicKey !== undefined };
}

export function inspectionText({ head, position, kinds, documents, isVerified }: Inspection): string {
  const lines: readonly (readonly [string, string])[] = [
    ['Log', position.history],
    ['Revision', `${position.revision}, written ${timeText(position.committedAt)}`],
    ...(head === undefined
      ? []
      : ([
          ['Made', timeText(head.createdAt)],
          ['Scope', scopeText({ ...head.scope, $typeName: 'ostiary.v1.Scope' } as Parameters<typeof scopeText>[0])],
        ] as const)),
    [
      'Encrypted',
      head?.isEncrypted === true
        ? `yes${documents === undefined ? ': give --cache-key-file to list what is in it' : ''}`
        : 'no',
    ],
    [
      'Documents',
      Object.entries(kinds)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', ') || 'none',
    ],
    ['Signature', signatureText(head, isVerified)],
  ];
  const told = lines.map(([title, value]) => `${`${title}:`.padEnd(12)}${shown(value)}\n`).join('');
  return told + (documents ?? []).map((each) => `  ${shown(each)}\n`).join('');
}

function signatureText(head: SnapshotHead | undefined, isVerified: boolean): string {
  if (head === undefined) return 'none: this is the cache of a sidecar';
  if (isVerified) return `right, by the key ${head.signer}`;
  return `not verified: it says that it is by the key ${head.signer}; give --key FILE, as ostiary snapshot key prints it`;
}

export function inspectionJson({ head, position, kinds, documents, isVerified }: Inspection): object {
  const { history, revision, committedAt } = position;
  return {
    history,
    revision,
    writtenAt: timeText(committedAt),
    ...(head !== undefined && { madeAt: timeText(head.createdAt), scope: head.scope, signer: head.signer }),
    encrypted: head?.isEncrypted === true,
    kinds,
    ...(documents !== undefined && { documents }),
    signature: head === undefined ? 'none' : isVerified ? 'right' : 'not_verified',
  };
}

function timeText(atMs: number): string {
  return atMs === 0 ? 'never' : new Date(atMs).toISOString();
}
