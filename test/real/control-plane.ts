import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runOstiary } from './ostiary.ts';
import { untilReady } from './process.ts';
import type { RealProcess } from './process.ts';
import { freePort } from './scratch.ts';

/** The control plane as a process of its own, on free loopback ports. */
export interface RealControlPlane extends RealProcess {
  /** `http://127.0.0.1:<port>`, or `https://`. */
  readonly url: string;
  readonly adminUrl: string;
  /** What commands need to find it, and to be let in. */
  readonly env: Readonly<Record<'OSTIARY_SERVER' | 'OSTIARY_TOKEN', string>>;
}

export interface ControlPlaneOptions {
  /** Files of its certificate. The URL is then an `https:` one. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** More flags. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What Node.js is started with: its own flags and the program. The default is the sources. */
  readonly program?: readonly string[];
}

/**
 * @param dataDir whose parent is there
 * @param listen the default is a free loopback port
 */
export function startControlPlane(
  dataDir: string,
  listen?: string,
  options?: ControlPlaneOptions,
): Promise<RealControlPlane> {
  return started(['--data-dir', dataDir], join(dataDir, 'bootstrap-token'), listen, options);
}

/** Several of one database have the same file with the token. */
export function startControlPlaneOn(
  database: string,
  tokenFile: string,
  listen?: string,
  options?: ControlPlaneOptions,
): Promise<RealControlPlane> {
  const place = ['--database', database, '--bootstrap-token-file', tokenFile];
  return started(place, tokenFile, listen, options);
}

async function started(
  place: readonly string[],
  tokenFile: string,
  listen?: string,
  { tls, args = [], env = {}, program }: ControlPlaneOptions = {},
): Promise<RealControlPlane> {
  const own = listen ?? `127.0.0.1:${await freePort()}`;
  const admin = `127.0.0.1:${await freePort()}`;
  const addresses = ['--control-listen', own, '--control-admin-listen', admin];
  const certificate = tls === undefined ? [] : ['--control-tls-cert', tls.cert, '--control-tls-key', tls.key];
  const flags = ['control', ...place, ...addresses, ...certificate, ...args];
  const running = await runOstiary(flags, { OSTIARY_EGRESS_ALLOW: '127.0.0.1', ...env }, program);
  await untilReady('the control plane', running, async () => (await fetch(`http://${admin}/readyz`)).ok);
  const url = `${tls === undefined ? 'http' : 'https'}://${own}`;
  const token = readFileSync(tokenFile, 'utf8').trim();
  return { ...running, url, adminUrl: `http://${admin}`, env: { OSTIARY_SERVER: url, OSTIARY_TOKEN: token } };
}
