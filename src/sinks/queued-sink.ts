import { setTimeout as pause } from 'node:timers/promises';
import type { RequestEvent } from '../analytics/event.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import type { Batch, BatchQueue } from './batch.ts';
import { Batcher, USUAL_CHARACTERS } from './batcher.ts';
import type { Disk } from './disk.ts';
import type { Format } from './format.ts';
import { MemoryQueue } from './memory-queue.ts';
import { Sender } from './sender.ts';
import type { Attempt } from './sender.ts';
import type { OpenSinkMetrics, SinkMetrics } from './sink-metrics.ts';
import type { Sink } from './sink.ts';
import { Spool } from './spool.ts';
import type { Owner } from './spool-folder.ts';
import { SpooledQueue } from './spooled-queue.ts';

export interface QueuedSinkOptions {
  /** Its name in metrics and logs, such as `otlp`. */
  readonly name: string;
  readonly format: Format;
  /** Sends a batch once. A rejection counts as a failed attempt. */
  readonly send: (batch: Batch, signal: AbortSignal) => Promise<Attempt>;
  /** Undefined: waiting events are kept in memory only. */
  readonly spool: SpoolPlace | undefined;
  /** Of batches that wait; the default is 16 MiB. */
  readonly memoryBytes?: number;
  /** Of the text of a batch, about; the default is 1 MiB. */
  readonly batchCharacters?: number;
}

export interface SpoolPlace {
  readonly folder: string;
  readonly maxBytes: number;
  readonly owner: Owner;
}

export interface SinkPorts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: OpenSinkMetrics;
}

/** The memory for batches: some hundred thousand events if they are compressed, some ten thousand if not. */
const MEMORY_BYTES = 16 * 1024 * 1024;
/** The time for closing when nothing is sent any more. */
const CLOSING_MS = 250;
const LOOK_MS = 20;

/**
 * Opens a sink that sends batches from a queue.
 * @throws UserError if the folder of its spool can't be used
 */
export async function openQueuedSink(options: QueuedSinkOptions, ports: SinkPorts): Promise<Sink> {
  const { name, format, batchCharacters: mostCharacters = USUAL_CHARACTERS } = options;
  const { log, clock, timers, random } = ports;
  const own: { sender?: Sender; batcher?: Batcher; queue?: BatchQueue } = {};
  const metrics = ports.metrics(name, () => ({
    waiting: (own.queue?.events ?? 0) + (own.batcher?.waiting.events ?? 0),
    memoryBytes: (own.queue?.memoryBytes ?? 0) + (own.batcher?.waiting.characters ?? 0),
    diskBytes: own.queue?.diskBytes ?? 0,
    lastSuccess: own.sender?.lastSuccess,
  }));
  const dropped: SinkMetrics['dropped'] = (reason, events) => metrics.dropped(reason, events);
  const queue = await openQueue(options, ports, dropped);
  const batcher = new Batcher({ format, queue, timers, mostCharacters, dropped });
  const sender = new Sender({
    queue,
    send: (batch, signal) =>
      options.send(batch, signal).catch((error: unknown) => ({ kind: 'refused', detail: String(error) })),
    metrics,
    clock,
    timers,
    random,
    told: (level, detail) => log[level]('events sink', { sink: name, detail }),
  });
  Object.assign(own, { sender, batcher, queue });
  let isClosed = false;

  return {
    take(event: RequestEvent) {
      metrics.taken();
      if (isClosed) metrics.dropped('shutdown', 1);
      else batcher.take(event);
    },
    async give(batch) {
      if (isClosed) metrics.dropped('shutdown', batch.events);
      else await queue.push(batch);
    },
    async close(leftMs) {
      isClosed = true;
      const end = clock.monotonic() + leftMs - CLOSING_MS;
      await within(batcher.flush(), Math.max(CLOSING_MS, leftMs / 2));
      // A failing sink is not waited for.
      while (clock.monotonic() < end && queue.events > 0 && !sender.isFailing) await pause(LOOK_MS);
      await within(sender.stop(), Math.max(CLOSING_MS, end - clock.monotonic()));
      const { events } = batcher.waiting;
      if (events > 0) metrics.dropped('shutdown', events);
      if (queue.events > 0) log.info('events stay in the spool', { sink: name, events: queue.events });
    },
  };
}

async function openQueue(
  { name, spool: spooling, memoryBytes = MEMORY_BYTES }: QueuedSinkOptions,
  { disk, clock, timers, log }: SinkPorts,
  dropped: SinkMetrics['dropped'],
): Promise<BatchQueue> {
  const memory = new MemoryQueue({ maxBytes: memoryBytes, dropped });
  if (spooling === undefined) return memory;
  const spool = await Spool.open({
    ...spooling,
    disk,
    clock,
    dropped,
    told: (detail) => log.warn('events spool', { sink: name, detail }),
  });
  if (spool.events > 0)
    log.info('events of an earlier process wait in the spool', { sink: name, events: spool.events });
  return new SpooledQueue({
    spool,
    memory,
    clock,
    timers,
    told: ({ isAway, detail }) =>
      log[isAway ? 'error' : 'info']('events spool', {
        sink: name,
        detail: isAway ? `${detail}: events wait in memory alone, within its bound` : detail,
      }),
  });
}

/** Waits for the work no longer than this, so that a disk that hangs does not delay the end of the process. */
async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
