import type { Writable } from 'node:stream';

/** Where lines go. */
export interface LogDestination {
  write(line: string): void;
  /** Resolves when all lines so far are written or lost. Absent: lines are written synchronously. */
  flush?(): Promise<void>;
}

export interface StreamOptions {
  /** Such as `process.stdout`, which does not block where it is a pipe. */
  readonly stream: Writable;
  /** Called for each line that is lost. */
  readonly dropped: () => void;
  /** How many bytes of lines wait in memory for a slow reader; further lines are lost. Default 16 MiB. */
  readonly maxBufferedBytes?: number;
  /** How long the last lines may wait for a reader. Default 250 ms. */
  readonly flushMs?: number;
}

/** How long a line may wait for others: a write to a pipe or a file costs as much as deciding several Checks. */
const BATCH_MS = 20;

/** Writes lines in batches. A Check never waits for their reader. */
export function streamDestination(options: StreamOptions): Required<LogDestination> {
  const { stream, dropped, maxBufferedBytes = 16 * 1024 * 1024, flushMs = 250 } = options;
  let pending = '';
  // The reader is gone (EPIPE): the service continues without a log.
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
        const timeout = setTimeout(resolve, flushMs);
        writePending(() => {
          clearTimeout(timeout);
          resolve();
        });
      });
    },
  };
}
