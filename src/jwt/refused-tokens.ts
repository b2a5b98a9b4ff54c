import { hash } from 'node:crypto';
import type { Denial } from '../denial/denial.ts';
import type { TokenCache, TokenMemory } from './token-memory.ts';

/** A caller with a bad token tends to come again at once; one whose clock or issuer was mended, soon. */
const LONGEST_MS = 10_000;
/** An estimate. */
const BYTES_EACH = 400;

interface Refusal {
  readonly denial: Denial;
  /** Monotonic milliseconds. */
  readonly until: number;
  /** Of the keys that it was tried with. */
  readonly keys: number;
}

/** Tokens that were refused a moment ago, by their digest: the same again costs no signature check. */
export class RefusedTokens {
  readonly #memory: TokenMemory;
  readonly #refusals: TokenCache<Refusal>;

  constructor(memory: TokenMemory) {
    this.#memory = memory;
    this.#refusals = memory.open();
  }

  /** @param keys the version of the keys in force: others may find the token good */
  recall(token: string, keys: number, now: number): Denial | undefined {
    if (this.#refusals.bytes === 0) return undefined;
    const name = hash('sha256', token, 'base64');
    const known = this.#refusals.get(name);
    if (known === undefined) return undefined;
    if (known.keys === keys && now < known.until) return known.denial;
    this.#refusals.delete(name);
    return undefined;
  }

  /** @param forMs at most; 10 s is the longest */
  remember(token: string, denial: Denial, { keys, now, forMs }: { keys: number; now: number; forMs: number }): void {
    if (forMs <= 0) return;
    const until = now + Math.min(forMs, LONGEST_MS);
    this.#refusals.set(hash('sha256', token, 'base64'), { denial, until, keys }, BYTES_EACH);
  }

  close(): void {
    this.#memory.close(this.#refusals);
  }
}
