import type { Stream } from './stream.ts';

/** What became of a stream that is not open. `idle`: not used yet; `skipped`: never will be (RFC 9113, 5.1.1). */
export type Absent = 'idle' | 'skipped' | 'reset' | 'closed';

/** The open streams of a connection, and what must be known of those that were. */
export class StreamTable {
  readonly open = new Map<number, Stream>();
  /** The highest identifier that a client has used. */
  lastId = 0;
  /** The last range of odd identifiers that the client has jumped over. */
  private skippedFrom = 0;
  private skippedTo = 0;
  /** Oldest first. */
  private readonly resetIds = new Set<number>();
  private readonly remembered: number;

  /** @param remembered how many streams that we reset: frames sent before the peer knew of it are no fault. */
  constructor(remembered: number) {
    this.remembered = remembered;
  }

  /** @param id above `lastId` */
  use(id: number): void {
    if (id > this.lastId + 2) {
      this.skippedFrom = this.lastId + 1;
      this.skippedTo = id - 1;
    }
    this.lastId = id;
  }

  rememberReset(id: number): void {
    this.resetIds.add(id);
    if (this.resetIds.size <= this.remembered) return;
    for (const oldest of this.resetIds) {
      this.resetIds.delete(oldest);
      return;
    }
  }

  whyAbsent(id: number): Absent {
    // Even identifiers are the server's, and we never open one.
    if (id > this.lastId || id % 2 === 0) return 'idle';
    if (this.resetIds.has(id)) return 'reset';
    return id >= this.skippedFrom && id <= this.skippedTo ? 'skipped' : 'closed';
  }
}
