import type { Batch } from './batch.ts';
import type { Format } from './format.ts';
import { openQueuedSink } from './queued-sink.ts';
import type { SinkPorts } from './queued-sink.ts';
import type { Sink } from './sink.ts';

export interface RelayOptions {
  /** As the sink is called in the process that has it. */
  readonly name: string;
  readonly format: Format;
  /** Settles when that process has the batch; never rejects. */
  readonly give: (batch: Batch) => Promise<void>;
}

/** The other process has a queue too: this one holds what comes while that is busy. */
const MEMORY_BYTES = 4 * 1024 * 1024;
/** Messages between processes are text: a larger one would stop both for milliseconds. What is compressed gets short. */
const PLAIN_CHARACTERS = 128 * 1024;

/** The end of a sink in a process that has none of its own: batches are made here, and given to the process that has it. */
export async function openRelaySink({ name, format, give }: RelayOptions, ports: SinkPorts): Promise<Sink> {
  return openQueuedSink(
    {
      name,
      format,
      spool: undefined,
      memoryBytes: MEMORY_BYTES,
      ...(!format.isCompressed && { batchCharacters: PLAIN_CHARACTERS }),
      async send(batch) {
        await give(batch);
        return { kind: 'taken', rejected: 0, detail: '' };
      },
    },
    {
      ...ports,
      metrics: (sink, status) => ({
        ...ports.metrics(sink, () => ({ ...status(), lastSuccess: undefined })),
        // Whoever has the sink counts that.
        sent() {},
        failed() {},
      }),
    },
  );
}
