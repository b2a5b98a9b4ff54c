/** Longer names are not cached: real ones are shorter. */
const LONGEST_KEPT = 96;
/** A power of two. */
const PLACES = 512;

interface Known {
  /** As it was sent: the same name in other case has an entry of its own. */
  readonly bytes: Uint8Array;
  /** In lower case; undefined if the test does not match. */
  readonly meant: string | undefined;
}

/**
 * Caches which header names a test matches. Requests mostly have the same headers, so a name is looked up by its
 * bytes, without making a string of it. Callers choose names, so the cache is bounded.
 */
export class HeaderNamesMeant {
  readonly #isMeant: (name: string) => boolean;
  readonly #known: (Known | undefined)[] = Array.from({ length: PLACES });

  /** @param isMeant the test of a name in lower case, pseudo-headers included; its result must never change */
  constructor(isMeant: (name: string) => boolean) {
    this.#isMeant = isMeant;
  }

  /** Returns the name in lower case if the test matches. */
  of(name: string): string | undefined {
    const lower = /[A-Z]/.test(name) ? name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name;
    return this.#isMeant(lower) ? lower : undefined;
  }

  /** The same for a name inside a message. */
  at(bytes: Buffer, start: number, end: number): string | undefined {
    if (end - start > LONGEST_KEPT) return this.of(bytes.toString('utf8', start, end));
    let hash = 0x811c9dc5 | 0;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    let known = this.#known[place];
    if (known === undefined || !isSame(known.bytes, bytes, start, end)) {
      known = {
        bytes: Uint8Array.from(bytes.subarray(start, end)),
        meant: this.of(bytes.toString('utf8', start, end)),
      };
      this.#known[place] = known;
    }
    return known.meant;
  }
}

function isSame(known: Uint8Array, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
