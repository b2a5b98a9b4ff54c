import type { KeyObject } from 'node:crypto';
import type { Link } from './chain.ts';
import { NOBODY } from './event.ts';
import type { AuditEvent } from './event.ts';
import { isSigned, keyIdOf, signatureOf } from './signing.ts';
import type { AuditKey } from './signing.ts';
import type { EventTable } from './tables.ts';

/** That the oldest events were removed, as an event says it: it holds the hash that the first one left is hashed with. */
export interface Removal {
  /** The last event that was removed. */
  readonly through: number;
  readonly hash: string;
  isSignedBy(publicKey: KeyObject): boolean;
}

/** @param last the last event that is removed @param until when it happened, ISO 8601 */
export function removalEvent(last: Link, until: string, key: AuditKey): AuditEvent {
  const content = contentOf(last.sequence, last.hash, until);
  const detail = {
    through: String(last.sequence),
    hash: last.hash,
    until,
    key: keyIdOf(key.publicKey),
    signature: signatureOf(content, key),
  };
  return { action: 'audit.pruned', outcome: 'done', caller: NOBODY, detail };
}

export function removalOf({ detail }: Pick<EventTable, 'detail'>): Removal | undefined {
  let told: Readonly<Record<string, unknown>>;
  try {
    told = Object(JSON.parse(detail)) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const through = Number(told['through']);
  const { hash, signature, until } = told;
  if (
    !Number.isSafeInteger(through) ||
    typeof hash !== 'string' ||
    typeof signature !== 'string' ||
    typeof until !== 'string'
  )
    return undefined;
  return { through, hash, isSignedBy: (publicKey) => isSigned(contentOf(through, hash, until), signature, publicKey) };
}

function contentOf(through: number, hash: string, until: string) {
  return { format: 'ostiary audit removal', through, hash, until };
}
