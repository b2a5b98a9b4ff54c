import { hash } from 'node:crypto';
import type { Denial } from '../denial/denial.ts';
import type { TokenCache, TokenMemory } from './token-memory.ts';

/** Callers with a bad token tend to retry at once. After a clock or an issuer was fixed, a token may soon be good. */
const LONGEST_MS = 10_000;
/** An estimate of the memory for one token. */
const BYTES_EACH = 400;

interface Refusal {
  readonly denial: Denial;
  /** Monotonic milliseconds. */
  readonly until: number;
  /** The keys that were tried, and their version. */
  readonly keys: Versioned;
  readonly version: number;
}

/** The version changes whenever the keys change: new keys may verify the token. */
interface Versioned {
  readonly version: number;
}

/** The keys that a token was tried with, and their version. */
export interface Tried {
  readonly keys: Versioned;
  readonly version: number;
  /** How long the token is refused; at most 10 s. */
  readonly forMs: number;
}

/** Recently refused tokens, by their digest. A token that is sent again costs no signature check. */
export class RefusedTokens {
  readonly #memory: TokenMemory;
  readonly #refusals: TokenCache<Refusal>;

  constructor(memory: TokenMemory) {
    this.#memory = memory;
    this.#refusals = memory.open();
  }

  recall(token: string, now: number): Denial | undefined {
    if (this.#refusals.bytes === 0) return undefined;
    const name = hash('sha256', token, 'base64');
    const known = this.#refusals.get(name);
    if (known === undefined) return undefined;
    if (known.keys.version === known.version && now < known.until) return known.denial;
    this.#refusals.delete(name);
    return undefined;
  }

  remember(token: string, denial: Denial, { keys, version, now, forMs }: Tried & { readonly now: number }): void {
    if (forMs <= 0) return;
    const until = now + Math.min(forMs, LONGEST_MS);
    this.#refusals.set(hash('sha256', token, 'base64'), { denial, until, keys, version }, BYTES_EACH);
  }

  close(): void {
    this.#memory.close(this.#refusals);
  }
}
