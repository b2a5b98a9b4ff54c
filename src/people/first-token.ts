import type { Clock } from '../clock.ts';
import { hashOf, isSecretOf, makeSecret } from './secret.ts';
import type { RandomBytes } from './secret.ts';

/** Whoever has the token of the first start, as the audit names them. They are nobody in particular. */
export const FIRST = 'bootstrap';

/** The token of the first start, by which a browser gets in where there is nobody yet. */
export interface FirstToken {
  /** @throws RpcError (rejects with it) where that can't be told */
  readonly isToken: (given: string) => Promise<boolean>;
  /**
   * What a session keeps of the token that it was begun with: it is good for as long as this token is.
   * @throws RpcError (rejects with it) where that can't be told
   */
  readonly mark: () => Promise<string>;
  /** Its file, for whoever asks from this machine; undefined: others may ask. */
  readonly file: string | undefined;
}

/** What a session keeps of a token: see {@link FirstToken.mark}. */
export function markOf(token: string): string {
  return `first ${hashOf(token)}`;
}

export const LINK = '/login/link';
/** A link is printed to whoever starts the control plane, who looks at it there and then. */
const LIFE_MS = 15 * 60_000;

/**
 * A link that logs in whoever follows it, once: a terminal shows it to the one who starts the control plane, and who could
 * read the token itself. It is kept in memory alone, as a hash, and a new one replaces it.
 */
export class FirstLink {
  readonly #clock: Clock;
  readonly #randomBytes: RandomBytes;
  #waiting: { readonly hash: string; readonly endsAt: number } | undefined;

  constructor(clock: Clock, randomBytes: RandomBytes) {
    this.#clock = clock;
    this.#randomBytes = randomBytes;
  }

  /** @returns the path of the link */
  make(): string {
    const code = makeSecret('link', this.#randomBytes);
    this.#waiting = { hash: hashOf(code), endsAt: this.#clock.now() + LIFE_MS };
    return `${LINK}?code=${code}`;
  }

  /** Whether this is the code of the link. It is that once. */
  take(code: string): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined || !isSecretOf('link', code) || hashOf(code) !== waiting.hash) return false;
    this.#waiting = undefined;
    return this.#clock.now() < waiting.endsAt;
  }
}
