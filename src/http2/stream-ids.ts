/** What became of a stream that is not open. `idle`: not used yet; `skipped`: never will be (RFC 9113, 5.1.1). */
export type Absent = 'idle' | 'skipped' | 'reset' | 'closed';

/** The number of recent streams for which it is known whether they were cancelled after their end. */
const WATCHED_IDS = 4096;

export const GREATEST_STREAM_ID = 2 ** 31 - 1;

/** The identifiers that a client has used, as far as they must be known (RFC 9113, 5.1.1). */
export class StreamIds {
  /** The highest identifier that a client has used. */
  last = 0;
  /** Streams above it are ignored: our GOAWAY has left them out (6.8). */
  lastServed = GREATEST_STREAM_ID;
  /** The last range of odd identifiers that the client has jumped over. */
  #skippedFrom = 0;
  #skippedTo = 0;
  /** Oldest first. */
  readonly #resets = new Set<number>();
  readonly #remembered: number;
  /** One bit for each of the last identifiers: the client has cancelled it once after its end. */
  readonly #cancelled = new Uint8Array(WATCHED_IDS / 8);

  /**
   * @param remembered how many of the streams that we reset are remembered: frames that the peer sent before it knew
   * are not an error
   */
  constructor(remembered: number) {
    this.#remembered = remembered;
  }

  /** @param id above `last` */
  use(id: number): void {
    const place = (id >> 1) % WATCHED_IDS;
    this.#cancelled[place >> 3]! &= ~(1 << (place & 7));
    if (id > this.last + 2) {
      this.#skippedFrom = this.last + 1;
      this.#skippedTo = id - 1;
    }
    this.last = id;
  }

  rememberReset(id: number): void {
    this.#resets.add(id);
    if (this.#resets.size <= this.#remembered) return;
    for (const oldest of this.#resets) {
      this.#resets.delete(oldest);
      return;
    }
  }

  /**
   * An answer and the cancel of its call may cross on the way, and many of them if one side was slow.
   * @returns true the first time for each stream that has ended lately
   */
  isLateCancel(id: number): boolean {
    const why = this.whyAbsent(id);
    if (this.last - id >= WATCHED_IDS * 2 || (why !== 'closed' && why !== 'reset')) return false;
    const place = (id >> 1) % WATCHED_IDS;
    const bit = 1 << (place & 7);
    if ((this.#cancelled[place >> 3]! & bit) !== 0) return false;
    this.#cancelled[place >> 3]! |= bit;
    return true;
  }

  whyAbsent(id: number): Absent {
    // Even identifiers are the server's, and we never open one.
    if (id > this.last || id % 2 === 0) return 'idle';
    if (this.#resets.has(id)) return 'reset';
    return id >= this.#skippedFrom && id <= this.#skippedTo ? 'skipped' : 'closed';
  }
}
