import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CHECK_PATH } from '../src/envoy/check-service.ts';
import { realPart } from '../test/real/parts.ts';
import { scratchFolder } from '../test/real/scratch.ts';

const CLIENTS = 8;
const STREAMS = 32;

export interface LoadOptions {
  /** Such as `127.0.0.1:9191`. */
  readonly address: string;
  readonly requests: number;
  /** All clients together; undefined: as many as the server takes. */
  readonly requestsPerSecond?: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sends one Check again and again over loopback, from core 1. */
export type Load = (options: LoadOptions) => Promise<LoadResult>;

export async function h2load(check: Uint8Array): Promise<Load> {
  const program = await realPart('h2load');
  const folder = scratchFolder('load');
  const body = join(folder, 'check');
  const log = join(folder, 'log');
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(check.length, 1);
  writeFileSync(body, Buffer.concat([prefix, check]));
  const headers = ['content-type: application/grpc', 'te: trailers', 'grpc-timeout: 1S'].flatMap((line) => [
    '-H',
    line,
  ]);

  return async ({ address, requests, requestsPerSecond }) => {
    writeFileSync(log, '');
    const rate = requestsPerSecond === undefined ? [] : ['--rps', String(Math.ceil(requestsPerSecond / CLIENTS))];
    const load = ['-c', `${CLIENTS}`, '-m', `${STREAMS}`, '-n', `${requests}`, '--log-file', log];
    const { stdout } = await promisify(execFile)('taskset', [
      '-c',
      '1',
      program,
      ...load,
      ...rate,
      ...headers,
      '-d',
      body,
      `http://${address}${CHECK_PATH}`,
    ]);
    const [, perSecond] = /, ([\d.]+) req\/s/.exec(stdout) ?? [];
    const [, failed, errored] = /(\d+) failed, (\d+) errored/.exec(stdout) ?? [];
    if (perSecond === undefined || failed !== '0' || errored !== '0') throw new Error(`h2load failed:\n${stdout}`);
    return { requestsPerSecond: Number(perSecond), ...percentiles(log) };
  };
}

/** Each line: start, HTTP status and duration, all times in microseconds. */
function percentiles(log: string): Pick<LoadResult, 'p50Ms' | 'p99Ms'> {
  const durations: number[] = [];
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [, status, duration] = line.split('\t');
    if (status === undefined || duration === undefined) continue;
    if (status !== '200') throw new Error(`h2load was answered with the HTTP status ${status}`);
    durations.push(Number(duration));
  }
  durations.sort((a, b) => a - b);
  const at = (share: number): number => (durations[Math.floor(durations.length * share)] ?? Number.NaN) / 1000;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
