/** What became of a stream that is not open. `idle`: not used yet; `skipped`: never will be (RFC 9113, 5.1.1). */
export type Absent = 'idle' | 'skipped' | 'reset' | 'closed';

export const greatestStreamId = 2 ** 31 - 1;

/** The identifiers that a client has used, as far as they must be known (RFC 9113, 5.1.1). */
export class StreamIds {
  /** The highest identifier that a client has used. */
  last = 0;
  /** Streams above it are ignored: our GOAWAY has left them out (6.8). */
  lastServed = greatestStreamId;
  /** The last range of odd identifiers that the client has jumped over. */
  private skippedFrom = 0;
  private skippedTo = 0;
  /** Oldest first. */
  private readonly resets = new Set<number>();
  private readonly remembered: number;

  /** @param remembered how many streams that we reset: frames sent before the peer knew of it are no fault. */
  constructor(remembered: number) {
    this.remembered = remembered;
  }

  /** @param id above `last` */
  use(id: number): void {
    if (id > this.last + 2) {
      this.skippedFrom = this.last + 1;
      this.skippedTo = id - 1;
    }
    this.last = id;
  }

  rememberReset(id: number): void {
    this.resets.add(id);
    if (this.resets.size <= this.remembered) return;
    for (const oldest of this.resets) {
      this.resets.delete(oldest);
      return;
    }
  }

  whyAbsent(id: number): Absent {
    // Even identifiers are the server's, and we never open one.
    if (id > this.last || id % 2 === 0) return 'idle';
    if (this.resets.has(id)) return 'reset';
    return id >= this.skippedFrom && id <= this.skippedTo ? 'skipped' : 'closed';
  }
}
