import { diskFault } from './disk.ts';
import { EventFile } from './event-file.ts';
import type { EventFileOptions } from './event-file.ts';
import { jsonLines } from './format.ts';
import { openQueuedSink } from './queued-sink.ts';
import type { SinkPorts } from './queued-sink.ts';
import type { Sink } from './sink.ts';

/**
 * Opens a sink that writes NDJSON to a file. It needs no spool.
 * @param onHangUp registers a callback for SIGHUP, which opens the file again; returns a function that unregisters it
 * @throws UserError if the file can't be written to
 */
export async function openFileSink(
  options: Omit<EventFileOptions, 'disk'>,
  onHangUp: (callback: () => void) => () => void,
  ports: SinkPorts,
): Promise<Sink> {
  const file = new EventFile({ ...options, disk: ports.disk });
  await file.open();
  let isToReopen = false;
  const stopListening = onHangUp(() => (isToReopen = true));
  const sink = await openQueuedSink(
    {
      name: 'file',
      format: jsonLines,
      spool: undefined,
      async send({ body }) {
        try {
          if (isToReopen) await file.close();
          isToReopen = false;
          await file.append(body);
          return { kind: 'taken', rejected: 0, detail: '' };
        } catch (error) {
          return { kind: 'failed', reason: 'disk', detail: diskFault(error) };
        }
      },
    },
    ports,
  );
  return {
    take: (event) => sink.take(event),
    give: (batch) => sink.give(batch),
    async close(leftMs) {
      await sink.close(leftMs);
      stopListening();
      await file.close();
    },
  };
}
