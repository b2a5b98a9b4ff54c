import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runOstiary } from './ostiary.ts';
import type { RealOstiary } from './ostiary.ts';
import { untilReady } from './process.ts';
import { freePort } from './scratch.ts';

/** Control plane and sidecar in one process, on free loopback ports. */
export interface RealUp extends RealOstiary {
  readonly controlUrl: string;
  /** What commands need to find the control plane, and to be let in. */
  readonly env: Readonly<Record<'OSTIARY_SERVER' | 'OSTIARY_TOKEN', string>>;
}

export interface UpOptions {
  /** Whose parent is there. */
  readonly dataDir: string;
  /** A folder of documents. */
  readonly policies: string;
  /** Where the control plane listens; the default is a free loopback port. */
  readonly controlListen?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs `ostiary up` and waits until it is ready. */
export async function startUp({ dataDir, policies, controlListen, args = [], env }: UpOptions): Promise<RealUp> {
  const ports: string[] = [];
  while (ports.length < 5) ports.push(`127.0.0.1:${await freePort()}`);
  const [listen = '', admin = '', api = '', free = '', controlAdmin = ''] = ports;
  const control = controlListen ?? free;
  const listeners = ['--listen', listen, '--admin-listen', admin, '--api-listen', api];
  const ofControl = ['--control-listen', control, '--control-admin-listen', controlAdmin];
  const running = await runOstiary(
    ['up', '--policies', policies, '--data-dir', dataDir, ...listeners, ...ofControl, ...args],
    { OSTIARY_EGRESS_ALLOW: '127.0.0.1', ...env },
  );
  await untilReady('ostiary up', running, async () => (await fetch(`http://${admin}/readyz`)).ok);
  const token = readFileSync(join(dataDir, 'bootstrap-token'), 'utf8').trim();
  const controlUrl = `http://${control}`;
  return {
    ...running,
    listen,
    adminUrl: `http://${admin}`,
    apiUrl: `http://${api}`,
    controlUrl,
    env: { OSTIARY_SERVER: controlUrl, OSTIARY_TOKEN: token },
  };
}
