import type { Credit } from '../analytics/ledger.ts';

// What replicas write to each other in Redis, as JSON. Whoever may write there can write anything: what has not the form
// is left out.

/** Where the accounts of an epoch are kept. */
export interface EpochRecord {
  readonly key: Buffer;
  /** The name of the replica. */
  readonly replica: string;
}

export type ReplicaMessage =
  /** Entries of these decisions have come; the answer goes to `from`. */
  | {
      readonly kind: 'claims';
      readonly from: string;
      readonly id: number;
      readonly epoch: number;
      readonly sequences: readonly number[];
    }
  /** What became of them, in their order; undefined: the accounts are not kept here. */
  | { readonly kind: 'claimed'; readonly id: number; readonly credits: readonly Credit[] | undefined }
  /** Claims of our decisions were lost. */
  | { readonly kind: 'lost' };

const LETTERS: Readonly<Record<Credit, string>> = {
  counted: 'c',
  late: 'l',
  repeated: 'r',
  expired: 'e',
  mismatched: 'm',
};
const CREDITS = new Map(Object.entries(LETTERS).map(([credit, letter]) => [letter, credit as Credit]));

export function recordText({ key, replica }: EpochRecord): string {
  return JSON.stringify({ key: key.toString('base64'), replica });
}

export function readRecord(text: string): EpochRecord | undefined {
  const { key, replica } = objectOf(text);
  if (typeof key !== 'string' || typeof replica !== 'string') return undefined;
  const bytes = Buffer.from(key, 'base64');
  return bytes.length === 16 ? { key: bytes, replica } : undefined;
}

export function messageText(message: ReplicaMessage): string {
  if (message.kind !== 'claimed') return JSON.stringify(message);
  return JSON.stringify({ ...message, credits: message.credits?.map((credit) => LETTERS[credit]).join('') });
}

export function readMessage(text: string): ReplicaMessage | undefined {
  const { kind, from, id, epoch, sequences, credits } = objectOf(text);
  if (kind === 'lost') return { kind };
  if (!isCount(id)) return undefined;
  if (kind === 'claimed' && (credits === undefined || typeof credits === 'string')) {
    const read = credits === undefined ? undefined : Array.from(credits, (one) => CREDITS.get(one) ?? 'expired');
    return { kind, id, credits: read };
  }
  const isClaim = kind === 'claims' && typeof from === 'string' && isCount(epoch) && Array.isArray(sequences);
  return isClaim && sequences.every(isCount) ? { kind, from, id, epoch, sequences } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
