import type { LogDestination } from '../observe/log-destination.ts';
import { eventJson } from './event-json.ts';
import type { OpenSinkMetrics } from './sink-metrics.ts';
import type { Sink } from './sink.ts';

/**
 * Opens a sink that writes one line for each event to standard output, between the lines of the log.
 * @param openDestination gets a callback for each line that nobody reads
 */
export function openStreamSink(
  openDestination: (dropped: () => void) => LogDestination,
  openMetrics: OpenSinkMetrics,
  now: () => number,
): Sink {
  let lastSuccess: number | undefined;
  const metrics = openMetrics('file', () => ({ waiting: 0, memoryBytes: 0, diskBytes: 0, lastSuccess }));
  let isLost = false;
  const destination = openDestination(() => {
    isLost = true;
    metrics.dropped('slow_reader', 1);
  });
  const write = (line: string): void => {
    isLost = false;
    destination.write(`${line}\n`);
    if (isLost) return;
    metrics.sent(1);
    lastSuccess = now();
  };
  return {
    take(event) {
      metrics.taken();
      write(eventJson(event));
    },
    async give({ body }) {
      for (const line of body.toString('utf8').trimEnd().split('\n')) write(line);
    },
    close: async () => destination.flush?.(),
  };
}
