import type { KeyObject } from 'node:crypto';
import { UserError } from '../errors.ts';
import { isSigned, keyIdOf, signatureOf } from './signing.ts';
import type { AuditKey } from './signing.ts';

const FORMAT = 'ostiary audit head';

/** How far both chains had come at a time: whoever keeps it elsewhere finds later whether that is still what there is. */
export interface AuditHead {
  readonly format: typeof FORMAT;
  readonly version: 1;
  /** ISO 8601. */
  readonly at: string;
  /** Of the log. */
  readonly history: string;
  readonly revision: number;
  readonly hash: string;
  /** Of the last event; 0: there was none. */
  readonly sequence: number;
  readonly eventHash: string;
}

export interface SignedHead extends AuditHead {
  /** {@link keyIdOf}. */
  readonly key: string;
  /** Ed25519 over the canonical JSON of everything else, in base64. */
  readonly signature: string;
}

export function signedHead(head: Omit<AuditHead, 'format' | 'version'>, key: AuditKey): SignedHead {
  const content = { format: FORMAT, version: 1, ...head, key: keyIdOf(key.publicKey) } as const;
  return { ...content, signature: signatureOf(content, key) };
}

/** @param text JSON of a head; a message of syslog around it is left out @throws UserError (exit 2) */
export function parseHead(text: string): SignedHead {
  const head = jsonIn(text) as Partial<SignedHead>;
  if (head.format !== FORMAT || head.version !== 1) throw notHead('it is no head of an audit trail');
  const { at, history, revision, hash, sequence, eventHash, key, signature } = head;
  const texts = [at, history, hash, eventHash, key, signature];
  const numbers = [revision, sequence];
  if (!texts.every((each) => typeof each === 'string') || !numbers.every((each) => Number.isSafeInteger(each))) {
    throw notHead('something of it is missing');
  }
  return head as SignedHead;
}

export function isHeadSigned({ signature, ...content }: SignedHead, publicKey: KeyObject): boolean {
  return isSigned({ ...content }, signature, publicKey);
}

function jsonIn(text: string): object {
  const begin = text.indexOf('{');
  try {
    return Object(JSON.parse(text.slice(Math.max(0, begin)))) as object;
  } catch {
    throw notHead('it is no JSON');
  }
}

function notHead(why: string): UserError {
  return new UserError(
    `--head: ${why}: give a file that holds one, as ostiary audit head prints and syslog was sent`,
    2,
  );
}
