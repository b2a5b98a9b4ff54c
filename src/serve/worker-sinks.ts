import { hostname } from 'node:os';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { systemFiles } from '../file-access.ts';
import { productVersion } from '../product.ts';
import type { Batch } from '../sinks/batch.ts';
import type { Format } from '../sinks/format.ts';
import type { Sink } from '../sinks/sink.ts';
import { eventOptionsOf } from './event-flags.ts';
import { sinksOf } from './event-sinks.ts';
import type { OpenSinks, SinkName } from './event-sinks.ts';
import { batchText } from './worker-batches.ts';
import type { ToOwner } from './worker-messages.ts';

/** What a worker has of its owner's sinks: it makes batches, and the owner writes and sends them. */
export class WorkerSinks {
  readonly #send: (message: ToOwner) => void;
  /** By their number, batches that the owner has not told to be kept. */
  readonly #given = new Map<number, () => void>();
  #lastNumber = 0;

  constructor(send: (message: ToOwner) => void) {
    this.#send = send;
  }

  readonly open: OpenSinks = async (flags, _environment, { metrics, log }) => {
    const options = eventOptionsOf(flags);
    if (options === undefined) return undefined;
    const [{ openRelaySink }, { createSinkMetrics }, { Disk }, { jsonArray, jsonLines, otlpLogs }] = await Promise.all([
      import('../sinks/relay-sink.ts'),
      import('../sinks/sink-metrics.ts'),
      import('../sinks/disk.ts'),
      import('../sinks/format.ts'),
    ]);
    const ports = {
      disk: new Disk(systemFiles),
      clock,
      timers,
      random: Math.random,
      log,
      metrics: createSinkMetrics(metrics.registry),
    };
    const origin = { version: productVersion(), node: flags.nodeId ?? hostname() };
    const formats: readonly (readonly [SinkName, Format])[] = [
      ['file', jsonLines],
      ['otlp', otlpLogs(origin)],
      ['webhook', jsonArray],
    ];
    const sinks = new Map<SinkName, Sink>();
    for (const [name, format] of formats) {
      if (options[name] === undefined) continue;
      const give = (batch: Batch): Promise<void> => this.#give(name, batch);
      sinks.set(name, await openRelaySink({ name, format, give }, ports));
    }
    // It tells the owner to open its file anew, and may have been sent to the whole group.
    if (options.file !== undefined) process.on('SIGHUP', () => {});
    return sinksOf(sinks);
  };

  /** The owner has kept a batch. */
  kept(number: number): void {
    this.#given.get(number)?.();
    this.#given.delete(number);
  }

  /** Without the owner there is no worker: its answer comes, or nothing matters any more. */
  #give(sink: SinkName, { events, body }: Batch): Promise<void> {
    const number = ++this.#lastNumber;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#given.set(number, resolve);
    this.#send({ kind: 'events', number, sink, events, body: batchText(sink, body) });
    return promise;
  }
}
