/** Longer than names have reason to be: such a one is looked at anew each time. */
const LONGEST_KEPT = 96;
/** A power of two. */
const PLACES = 512;

interface Known {
  /** As it is sent, so that letters in another case are another name here. */
  readonly bytes: Uint8Array;
  /** In lower case; undefined if it is not meant. */
  readonly meant: string | undefined;
}

/**
 * Which names of headers a test means. Requests have much the same headers again and again: what was found for a name
 * is found again by its bytes, without a string of it. Callers choose names, so there is a bound to what is kept.
 */
export class HeaderNamesMeant {
  readonly #isMeant: (name: string) => boolean;
  readonly #known: (Known | undefined)[] = Array.from({ length: PLACES });

  /** @param isMeant of a name in lower case, pseudo-headers included; always the same for one name */
  constructor(isMeant: (name: string) => boolean) {
    this.#isMeant = isMeant;
  }

  /** The name in lower case where it is meant. */
  of(name: string): string | undefined {
    const lower = /[A-Z]/.test(name) ? name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name;
    return this.#isMeant(lower) ? lower : undefined;
  }

  /** The same of a name that lies in a message. */
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
