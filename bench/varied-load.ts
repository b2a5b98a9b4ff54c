import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CHECK_PATH } from '../src/envoy/check-service.ts';
import { scratchFolder } from '../test/real/scratch.ts';
import type { Load, LoadResult } from './h2load.ts';
import type { LogJob } from './log-stream.ts';
import type { ClientJob } from './varied-client.ts';
import type { variedChecks } from './varied-checks.ts';

/**
 * Sends the Checks in turn over loopback, from core 1: 8 connections of 32 streams, each Check with an origin of its own.
 * @param log how it tells how the requests have ended, as Envoy does; undefined: it does not
 */
export function variedLoad({ bytes, checks }: ReturnType<typeof variedChecks>, log?: LogJob): Load {
  const checksFile = join(scratchFolder('varied'), 'checks');
  writeFileSync(checksFile, bytes);
  let sentBefore = 1_000_000_000;
  return async ({ address, requests, requestsPerSecond }) => {
    const pace = requestsPerSecond === undefined ? {} : { requestsPerSecond };
    const job: ClientJob = {
      address,
      path: CHECK_PATH,
      requests,
      clients: 8,
      streams: 32,
      sentBefore,
      checksFile,
      checks,
      ...pace,
      ...(log && { log }),
    };
    sentBefore += requests;
    const client = spawn('taskset', ['-c', '1', process.execPath, join(import.meta.dirname, 'varied-client.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    client.stdin.end(JSON.stringify(job));
    const output = await text(client.stdout);
    if (output === '') throw new Error('the client failed');
    return JSON.parse(output) as LoadResult;
  };
}
