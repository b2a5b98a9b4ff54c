import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realPart } from './parts.ts';
import { startProcess, untilReady } from './process.ts';
import type { RealProcess } from './process.ts';
import { freePort, scratchFolder } from './scratch.ts';

export type Signal = 'logs' | 'traces';

/** A real OpenTelemetry Collector that takes OTLP/HTTP and writes what it took to files. */
export interface RealCollector extends RealProcess {
  /** Such as `http://127.0.0.1:4318`; logs are taken at `/v1/logs`, traces at `/v1/traces`. */
  readonly url: string;
  /** The messages that it has taken so far, as OTLP's JSON: `{ resourceLogs: … }` or `{ resourceSpans: … }`. */
  taken(signal: Signal): readonly Readonly<Record<string, unknown>>[];
}

export interface CollectorOptions {
  /** Only who sends `authorization: Bearer TOKEN` is listened to. */
  readonly token?: string;
  /** The default is a free one: tell it where a Collector is to come back. */
  readonly port?: number;
  /** Where its files are; the default is a new folder. */
  readonly folder?: string;
}

/** @throws PartMissing */
export async function startCollector(options: CollectorOptions = {}): Promise<RealCollector> {
  const port = options.port ?? (await freePort());
  const folder = options.folder ?? scratchFolder('otel');
  const file = (signal: Signal) => join(folder, `${signal}.json`);
  const configuration = collectorConfiguration({
    endpoint: `127.0.0.1:${port}`,
    token: options.token,
    files: { logs: file('logs'), traces: file('traces') },
  });
  const config = join(folder, 'collector.json');
  // YAML is a superset of JSON.
  writeFileSync(config, JSON.stringify(configuration));
  const url = `http://127.0.0.1:${port}`;
  const collector = await startProcess(await realPart('otelcol'), ['--config', `file:${config}`]);
  // Without a message it answers 405: it listens.
  await untilReady('otelcol', collector, async () => (await fetch(`${url}/v1/logs`)).status > 0);
  return { ...collector, url, taken: (signal) => linesOf(file(signal)) };
}

function collectorConfiguration(options: {
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly files: Readonly<Record<Signal, string>>;
}): object {
  const { endpoint, token, files } = options;
  const auth = token === undefined ? {} : { auth: { authenticator: 'bearertokenauth' } };
  const pipeline = (signal: Signal) => ({ receivers: ['otlp'], exporters: [`file/${signal}`] });
  return {
    ...(token !== undefined && { extensions: { bearertokenauth: { token } } }),
    receivers: { otlp: { protocols: { http: { endpoint, ...auth } } } },
    exporters: {
      'file/logs': { path: files.logs, append: true, flush_interval: '100ms' },
      'file/traces': { path: files.traces, append: true, flush_interval: '100ms' },
    },
    service: {
      ...(token !== undefined && { extensions: ['bearertokenauth'] }),
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
      pipelines: { logs: pipeline('logs'), traces: pipeline('traces') },
    },
  };
}

/** The whole lines of a file: the last one may be on its way still. */
function linesOf(path: string): Readonly<Record<string, unknown>>[] {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Nothing has come yet.
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
