import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realPart } from './parts.ts';
import { startProcess, untilReady } from './process.ts';
import { scratchFolder } from './scratch.ts';

/** A real Envoy on a static bootstrap. */
export interface RealEnvoy {
  readonly pid: number;
  /** Where its administration answers: `http://127.0.0.1:<port>`. */
  readonly adminUrl: string;
  /** The port of the listener of that name; listeners may ask for port 0. */
  port(listener: string): number;
  /** Everything it has written so far: its log, and access logs on stdout. */
  output(): string;
  /** A statistic of the given name; 0 where Envoy has none. */
  stat(name: string): Promise<number>;
  pause(): void;
  resume(): void;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface EnvoyOptions {
  /** Such as `warning`, or `debug`. */
  readonly logLevel?: string;
}

/**
 * @param bootstrap Envoy's `Bootstrap` message as JSON, without its `admin`: that is set here
 * @throws PartMissing, or an Error with Envoy's own words where it refuses the bootstrap
 */
export async function startEnvoy(bootstrap: object, options: EnvoyOptions = {}): Promise<RealEnvoy> {
  const program = await realPart('envoy');
  const folder = scratchFolder('envoy');
  const file = join(folder, 'bootstrap.json');
  const adminFile = join(folder, 'admin-address');
  const admin = { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } };
  writeFileSync(file, JSON.stringify({ ...bootstrap, admin }));

  const files = ['--config-path', file, '--admin-address-path', adminFile];
  // No shared memory, one worker: several Envoys run side by side on few cores.
  const small = ['--disable-hot-restart', '--concurrency', '1', '--file-flush-interval-msec', '100'];
  const envoy = await startProcess(program, [...files, ...small, '--log-level', options.logLevel ?? 'warning']);
  const adminUrl = () => `http://${readFileSync(adminFile, 'utf8').trim()}`;
  await untilReady('envoy', envoy, async () => (await fetch(`${adminUrl()}/ready`)).ok);

  const listeners = (await (await fetch(`${adminUrl()}/listeners?format=json`)).json()) as Listeners;
  const ports = new Map(
    listeners.listener_statuses.map(({ name, local_address }) => [name, local_address.socket_address?.port_value]),
  );
  return {
    pid: envoy.pid,
    adminUrl: adminUrl(),
    port(listener) {
      const port = ports.get(listener);
      if (port === undefined) throw new Error(`Envoy has no TCP listener ${listener}`);
      return port;
    },
    output: () => envoy.output(),
    async stat(name) {
      const text = await (await fetch(`${adminUrl()}/stats?filter=^${encodeURIComponent(name)}$`)).text();
      return Number(/: (\d+)/.exec(text)?.[1] ?? 0);
    },
    pause: () => envoy.pause(),
    resume: () => envoy.resume(),
    kill: () => envoy.kill(),
    stop: () => envoy.stop(),
  };
}

/** What Envoy's own check of a bootstrap says: undefined where it is accepted. */
export async function validateBootstrap(bootstrap: object): Promise<string | undefined> {
  const file = join(scratchFolder('envoy'), 'bootstrap.json');
  writeFileSync(file, JSON.stringify(bootstrap));
  const args = ['--mode', 'validate', '--config-path', file, '--log-level', 'error'];
  const envoy = await startProcess(await realPart('envoy'), args);
  return (await envoy.exited) === 0 ? undefined : envoy.output();
}

interface Listeners {
  readonly listener_statuses: readonly {
    readonly name: string;
    readonly local_address: { readonly socket_address?: { readonly port_value: number } };
  }[];
}
