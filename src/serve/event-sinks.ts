import { hostname } from 'node:os';
import type { EventTaker } from '../analytics/event.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { FileFault, UserError } from '../errors.ts';
import { systemResolve } from '../egress/lookup.ts';
import { egressTransport } from '../egress/transport.ts';
import { readFileNow, systemFiles } from '../file-access.ts';
import { standardOutput } from '../observe/log.ts';
import { productVersion } from '../product.ts';
import type { Batch } from '../sinks/batch.ts';
import type { Sink } from '../sinks/sink.ts';
import { eventOptionsOf } from './event-flags.ts';
import type { EventOptions } from './event-flags.ts';
import type { Reporting } from './reporting.ts';
import type { ServeFlags } from './serve-flags.ts';

/** One of each kind at most. */
export type SinkName = 'file' | 'otlp' | 'webhook';

/** All sinks of a process. */
export interface EventSinks extends EventTaker {
  /**
   * Takes what a worker has made for a sink of this process.
   * @returns settles when it is kept; never rejects
   */
  give(sink: SinkName, batch: Batch): Promise<void>;
  /** Sends or keeps what it can within the time, and drops the rest. */
  close(leftMs: number): Promise<void>;
}

/** @returns undefined if flags name no sink */
export type OpenSinks = (
  flags: ServeFlags,
  environment: NodeJS.ProcessEnv,
  reporting: Reporting,
) => Promise<EventSinks | undefined>;

/** The rules of egress do not apply to URLs in the operator's flags. */
const NO_RULES = { problemOf: () => undefined, problemOfAddress: () => undefined };
const MOST_SECRET_BYTES = 64 * 1024;

/**
 * Opens the sinks that the flags name. Their code is loaded here, since most processes have none.
 * @throws UserError that names the flag and the remedy
 */
export const openEventSinks: OpenSinks = async (flags, environment, { metrics, log }) => {
  const options = eventOptionsOf(flags);
  if (options === undefined) return undefined;
  const [{ createSinkMetrics }, { Disk }, { followHeadersFile }, { signingKey }] = await Promise.all([
    import('../sinks/sink-metrics.ts'),
    import('../sinks/disk.ts'),
    import('../sinks/headers-file.ts'),
    import('../sinks/webhook-signature.ts'),
  ]);
  const transport = egressTransport({ variables: environment, rules: NO_RULES, resolve: systemResolve(), timers });
  const openMetrics = createSinkMetrics(metrics.registry);
  const ports = {
    transport,
    disk: new Disk(systemFiles),
    clock,
    timers,
    random: Math.random,
    log,
    metrics: openMetrics,
  };
  const readFile = (path: string, maxBytes: number): Promise<Buffer> => systemFiles.read(path, maxBytes);
  const headersOf = async (sink: string, path: string | undefined) => {
    if (path === undefined) return async () => ({});
    const told = (detail: string): void => log.warn('events sink', { sink, detail });
    return followHeadersFile({ flag: `events-${sink}-headers-file`, path, readFile, clock, told });
  };

  await using opened = new AsyncDisposableStack();
  const sinks = new Map<SinkName, Sink>();
  const add = (name: SinkName, sink: Sink): void => {
    sinks.set(name, sink);
    opened.defer(() => sink.close(0));
  };
  const { file, otlp, webhook } = options;
  if (file?.path === '-') {
    const { openStreamSink } = await import('../sinks/stream-sink.ts');
    add(
      'file',
      openStreamSink(standardOutput, openMetrics, () => clock.now()),
    );
  } else if (file !== undefined) {
    const { openFileSink } = await import('../sinks/file-sink.ts');
    add('file', await openFileSink(file, onHangUp, ports));
  }
  if (otlp !== undefined || webhook !== undefined) {
    const { openOtlpSink, openWebhookSink } = await import('../sinks/http-sinks.ts');
    const spoolOf = await spoolPlaces(options.spool);
    if (otlp !== undefined) {
      const headers = await headersOf('otlp', otlp.headersFile);
      const origin = { version: productVersion(), node: flags.nodeId ?? hostname() };
      add('otlp', await openOtlpSink({ url: otlp.url, headers, spool: spoolOf('otlp'), origin }, ports));
    }
    if (webhook !== undefined) {
      const { url, headersFile, secretFile } = webhook;
      const headers = await headersOf('webhook', headersFile);
      const key =
        secretFile === undefined
          ? undefined
          : signingKey('events-webhook-secret-file', secretFile, secretOf(secretFile));
      add('webhook', await openWebhookSink({ url, headers, spool: spoolOf('webhook'), key }, ports));
    }
  }
  opened.move();
  return sinksOf(sinks);
};

/** Several sinks as one. */
export function sinksOf(sinks: ReadonlyMap<SinkName, Sink>): EventSinks {
  const all = [...sinks.values()];
  const closeAll = async (leftMs: number): Promise<void> => {
    await Promise.all(all.map((sink) => sink.close(leftMs)));
  };
  let closing: Promise<void> | undefined;
  return {
    take(event) {
      for (const sink of all) sink.take(event);
    },
    async give(name, batch) {
      await sinks.get(name)?.give(batch);
    },
    close: (leftMs) => (closing ??= closeAll(leftMs)),
  };
}

/** Each sink has its own folder inside the spool's folder. */
async function spoolPlaces(spool: EventOptions['spool']) {
  const { startedOf } = await import('../sinks/spool-folder.ts');
  const owner = { pid: process.pid, started: (await startedOf(process.pid)) ?? '', host: hostname() };
  return (sink: string) => spool && { folder: `${spool.folder}/${sink}`, maxBytes: spool.maxBytes, owner };
}

/** Without a listener, the signal would end the process. */
function onHangUp(callback: () => void): () => void {
  process.on('SIGHUP', callback);
  return () => void process.off('SIGHUP', callback);
}

function secretOf(path: string): string {
  try {
    return readFileNow(path, MOST_SECRET_BYTES).toString('utf8');
  } catch (error) {
    const why =
      error instanceof FileFault
        ? error.message
        : `can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
    throw new UserError(`--events-webhook-secret-file: ${path} ${why}`, 1, { cause: error });
  }
}
