import { join } from 'node:path';
import { startProcess, untilReady } from './process.ts';
import type { RealProcess } from './process.ts';
import { freePort } from './scratch.ts';

/** The service itself as a process of its own, on free loopback ports. */
export interface RealOstiary extends RealProcess {
  /** Where Checks are answered, such as `127.0.0.1:9191` or `unix:/path`. */
  readonly listen: string;
  /** `http://127.0.0.1:<port>` with `/metrics`, `/livez`, `/readyz`, `/version`. */
  readonly adminUrl: string;
  /** `http://127.0.0.1:<port>` of the JSON API. */
  readonly apiUrl: string;
}

export interface OstiaryOptions {
  /** A folder of documents. */
  readonly policies: string;
  /** The default is a free loopback port. */
  readonly listen?: string;
  /** As `listen`, for metrics and probes. */
  readonly adminListen?: string;
  /** More flags of `serve`. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What Node.js is started with: its own flags and the program. The default is the sources. */
  readonly program?: readonly string[];
}

export const main = join(import.meta.dirname, '../../src/main.ts');

/** A port that was free may be taken by another program's connection before it is listened on. */
const ATTEMPTS = 3;

/** Runs `ostiary serve` and waits until it is ready. */
export async function startOstiary(options: OstiaryOptions, attempt = 1): Promise<RealOstiary> {
  try {
    return await startOnce(options);
  } catch (error) {
    const taken = error instanceof Error ? /(\S+): the address is in use/.exec(error.message)?.[1] : undefined;
    const isOurChoice = taken !== undefined && taken !== options.listen && taken !== options.adminListen;
    if (!isOurChoice || attempt === ATTEMPTS) throw error;
    return startOstiary(options, attempt + 1);
  }
}

async function startOnce(options: OstiaryOptions): Promise<RealOstiary> {
  const listen = options.listen ?? `127.0.0.1:${await freePort()}`;
  const admin = options.adminListen ?? `127.0.0.1:${await freePort()}`;
  const api = `127.0.0.1:${await freePort()}`;
  const addresses = ['--listen', listen, '--admin-listen', admin, '--api-listen', api];
  const ostiary = await runOstiary(
    ['serve', '--policies', options.policies, ...addresses, ...(options.args ?? [])],
    // Issuers of tests are on loopback.
    { OSTIARY_EGRESS_ALLOW: '127.0.0.1', ...options.env },
    options.program,
  );
  await untilReady('ostiary', ostiary, async () => (await fetch(`http://${admin}/readyz`)).ok);
  return { ...ostiary, listen, adminUrl: `http://${admin}`, apiUrl: `http://${api}` };
}

/** Runs any of ostiary's commands. */
export async function runOstiary(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  program: readonly string[] = [main],
): Promise<RealProcess> {
  return startProcess(process.execPath, [...program, ...args], { env: { ...process.env, ...env } });
}
