import { InquiryFault } from '../../src/inquiry/fault.ts';
import { Inquiries } from '../../src/inquiry/inquiries.ts';
import type { Answer } from '../../src/inquiry/inquiries.ts';
import { keyedDigest } from '../../src/inquiry/keyed-digest.ts';
import { TokenMemory } from '../../src/jwt/token-memory.ts';
import { ManualTime } from '../jwt/manual-time.ts';

export const FOREVER = { deadline: Infinity, caller: undefined };

/** Somebody who is asked, and answers when a test says so. */
export class Asked {
  readonly time = new ManualTime();
  readonly open: { readonly credential: string; readonly answer: PromiseWithResolvers<Answer<string>> }[] = [];
  readonly circuit: boolean[] = [];
  most = 0;
  calls = 0;
  readonly inquiries: Inquiries<string>;

  constructor({ maxEntries = 1000 } = {}) {
    this.inquiries = new Inquiries<string>({
      ask: (credential) => {
        const answer = Promise.withResolvers<Answer<string>>();
        this.calls += 1;
        this.open.push({ credential, answer });
        this.most = Math.max(this.most, this.open.length);
        return answer.promise;
      },
      clock: this.time,
      timers: this.time,
      random: () => 1,
      digest: keyedDigest(Buffer.alloc(32, 1)),
      good: new TokenMemory(1_000_000),
      bad: new TokenMemory(1_000_000),
      maxEntries,
      onCircuit: (isOpen) => this.circuit.push(isOpen),
    });
  }

  /** Answers the call that has waited longest. */
  answer(isGood: boolean, forMs = 1000): void {
    const { credential, answer } = this.open.shift() as (typeof this.open)[0];
    answer.resolve({ value: `${isGood ? 'good' : 'bad'} ${credential}`, isGood, forMs, bytes: 100 });
  }

  fail(): void {
    this.open.shift()?.answer.reject(new Error('no answer'));
  }
}

export async function ended(verdict: string | Promise<string>): Promise<string> {
  try {
    return await verdict;
  } catch (error) {
    if (error instanceof InquiryFault) return error.outcome;
    throw error;
  }
}

export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};
