import { hostname } from 'node:os';
import type { EventTaker, RequestEvent } from '../analytics/event.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { FileFault, UserError } from '../errors.ts';
import { systemResolve } from '../egress/lookup.ts';
import { egressTransport } from '../egress/transport.ts';
import type { FlagValues } from '../flags.ts';
import { readFileNow, systemFiles } from '../file-access.ts';
import { standardOutput } from '../observe/log.ts';
import { productVersion } from '../product.ts';
import { eventOptionsOf } from './event-flags.ts';
import type { eventFlags, EventOptions } from './event-flags.ts';
import type { Reporting } from './reporting.ts';

/** All sinks of a process. */
export interface EventSinks extends EventTaker {
  /** Sends or keeps what it can within the time, and drops the rest. */
  close(leftMs: number): Promise<void>;
}

/** The rules of egress do not apply to URLs in the operator's flags. */
const NO_RULES = { problemOf: () => undefined, problemOfAddress: () => undefined };
const MOST_SECRET_BYTES = 64 * 1024;

/**
 * Opens the sinks that the flags name. Their code is loaded here, since most processes have none.
 * @returns undefined if there are none
 * @throws UserError that names the flag and the remedy
 */
export async function openEventSinks(
  flags: FlagValues<typeof eventFlags> & { readonly workers: number },
  environment: NodeJS.ProcessEnv,
  { metrics, log }: Reporting,
): Promise<EventSinks | undefined> {
  const options = eventOptionsOf(flags);
  if (options === undefined) return undefined;
  if (flags.workers > 1) throw new UserError('--events-file, --events-otlp and --events-webhook need --workers 1', 2);
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
  const sinks: EventSinks[] = [];
  const add = (sink: EventSinks): void => {
    sinks.push(sink);
    opened.defer(() => sink.close(0));
  };
  const { file, otlp, webhook } = options;
  if (file?.path === '-') {
    const { openStreamSink } = await import('../sinks/stream-sink.ts');
    add(openStreamSink(standardOutput, openMetrics, () => clock.now()));
  } else if (file !== undefined) {
    const { openFileSink } = await import('../sinks/file-sink.ts');
    add(await openFileSink(file, onHangUp, ports));
  }
  if (otlp !== undefined || webhook !== undefined) {
    const { openOtlpSink, openWebhookSink } = await import('../sinks/http-sinks.ts');
    const spoolOf = await spoolPlaces(options.spool);
    if (otlp !== undefined) {
      const headers = await headersOf('otlp', otlp.headersFile);
      const origin = { version: productVersion(), node: hostname() };
      add(await openOtlpSink({ url: otlp.url, headers, spool: spoolOf('otlp'), origin }, ports));
    }
    if (webhook !== undefined) {
      const { url, headersFile, secretFile } = webhook;
      const headers = await headersOf('webhook', headersFile);
      const key =
        secretFile === undefined
          ? undefined
          : signingKey('events-webhook-secret-file', secretFile, secretOf(secretFile));
      add(await openWebhookSink({ url, headers, spool: spoolOf('webhook'), key }, ports));
    }
  }
  opened.move();
  let closing: Promise<void> | undefined;
  return {
    take(event: RequestEvent) {
      for (const sink of sinks) sink.take(event);
    },
    close: (leftMs) => (closing ??= closeAll(sinks, leftMs)),
  };
}

async function closeAll(sinks: readonly EventSinks[], leftMs: number): Promise<void> {
  await Promise.all(sinks.map((sink) => sink.close(leftMs)));
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
