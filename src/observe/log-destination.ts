import type { Writable } from 'node:stream';

/** Where lines go. */
export interface LogDestination {
  write(line: string): void;
  /** Resolves when all lines so far are written, or can't be. Absent: they are written at once. */
  flush?(): Promise<void>;
}

export interface StreamOptions {
  /** Such as `process.stdout`, which does not block where it is a pipe. */
  readonly stream: Writable;
  /** Told of each line that is lost. */
  readonly dropped: () => void;
  /** Lines wait in memory for a slow reader up to here, and are lost beyond. Default 16 MiB. */
  readonly maxBufferedBytes?: number;
  /** How long the last lines may wait for a reader. Default 250 ms. */
  readonly flushMs?: number;
}

/** How long a line may wait for others: a write to a pipe or a file costs as much as deciding several Checks. */
const BATCH_MS = 20;

/** Writes lines together. A Check never waits for who reads them. */
export function streamDestination(options: StreamOptions): Required<LogDestination> {
  const { stream, dropped, maxBufferedBytes = 16 * 1024 * 1024, flushMs = 250 } = options;
  let pending = '';
  // Nobody reads any more (EPIPE): serving goes on without a log.
  stream.on('error', dropped);

  function writePending(written?: () => void): void {
    const lines = pending;
    pending = '';
    stream.write(lines, written);
  }

  return {
    write(line) {
      if (stream.destroyed || pending.length + stream.writableLength > maxBufferedBytes) {
        dropped();
        return;
      }
      if (pending === '') setTimeout(() => writePending(), BATCH_MS);
      pending += line;
    },
    flush() {
      return new Promise((resolve) => {
        const patience = setTimeout(resolve, flushMs);
        writePending(() => {
          clearTimeout(patience);
          resolve();
        });
      });
    },
  };
}
