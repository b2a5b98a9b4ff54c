import { hash } from 'node:crypto';
import type { Denial } from '../denial/denial.ts';
import type { TokenCache, TokenMemory } from './token-memory.ts';

/** A caller with a bad token tends to retry at once; one whose clock or issuer was fixed, soon. */
const LONGEST_MS = 10_000;
/** An estimate. */
const BYTES_EACH = 400;

interface Refusal {
  readonly denial: Denial;
  /** Monotonic milliseconds. */
  readonly until: number;
  /** The keys it was tried with, and their version. */
  readonly keys: Versioned;
  readonly version: number;
}

/** Another number whenever the keys are others: those may find the token good. */
interface Versioned {
  readonly version: number;
}

/** With which keys, in which version of them, a token was tried. */
export interface Tried {
  readonly keys: Versioned;
  readonly version: number;
  /** How long it is refused; at most 10 s. */
  readonly forMs: number;
}

/** Recently refused tokens, by their digest: a repeated token costs no signature check. */
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
