import type { Clock, Timers } from '../clock.ts';
import type { TokenMemory } from '../jwt/token-memory.ts';
import { Inquiries } from './inquiries.ts';
import type { InquiriesOptions } from './inquiries.ts';
import { keyedDigest } from './keyed-digest.ts';

/** Makes the inquiries of one policy. The policy closes them. */
export type OpenInquiries = <Value>(
  options: Pick<InquiriesOptions<Value>, 'ask' | 'maxEntries' | 'onCircuit'>,
) => Inquiries<Value>;

export interface InquiryDeskOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** 32 random bytes, made at the start. */
  readonly key: Uint8Array;
  /** The memory for good answers of all policies together; bad answers have their own. */
  readonly good: TokenMemory;
  readonly bad: TokenMemory;
}

export function inquiryDesk({ key, ...shared }: InquiryDeskOptions): OpenInquiries {
  const digest = keyedDigest(key);
  return (options) => new Inquiries({ ...shared, digest, ...options });
}
