import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { realPart } from './parts.ts';
import { startProcess } from './process.ts';
import type { RealProcess, StartOptions } from './process.ts';

const run = promisify(execFile);

/** Network namespaces on a bridge of this machine, as the nodes of a cluster have them: needs root. */
export interface PodNetwork {
  /** This machine's own address there. */
  readonly hostAddress: string;
  /** @param hosts names that the pod's resolver knows, by address */
  addPod(name: string, hosts: Readonly<Record<string, string>>): Promise<PodSpace>;
  close(): Promise<void>;
}

export interface PodSpace {
  readonly address: string;
  start(program: string, args: readonly string[], options?: StartOptions): Promise<RealProcess>;
  /** Leads what comes in to a port, as Istio's init container does; the ports named stay as they are. */
  interceptInbound(port: number, except: readonly number[]): Promise<void>;
}

/** @throws Error where this user may make no network namespaces */
export async function createPodNetwork(): Promise<PodNetwork> {
  const id = `ost${process.pid}`.slice(-8);
  const prefix = `10.213.${process.pid % 250}`;
  const spaces: string[] = [];
  await run('ip', ['link', 'add', id, 'type', 'bridge']);
  await run('ip', ['address', 'add', `${prefix}.1/24`, 'dev', id]);
  await run('ip', ['link', 'set', id, 'up']);
  return {
    hostAddress: `${prefix}.1`,
    async addPod(name, hosts) {
      const space = `${id}-${name}`;
      const address = `${prefix}.${spaces.length + 2}`;
      const device = `${id}v${spaces.length}`;
      spaces.push(space);
      // `ip netns exec` puts these files over those of /etc.
      mkdirSync(`/etc/netns/${space}`, { recursive: true });
      const lines = Object.entries({ localhost: '127.0.0.1', ...hosts }).map(([host, at]) => `${at} ${host}\n`);
      writeFileSync(`/etc/netns/${space}/hosts`, lines.join(''));
      writeFileSync(`/etc/netns/${space}/resolv.conf`, '');
      await run('ip', ['netns', 'add', space]);
      await run('ip', ['link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space]);
      await run('ip', ['link', 'set', device, 'master', id, 'up']);
      for (const [link, at] of [['lo'], ['eth0', `${address}/24`]]) {
        if (at !== undefined) await run('ip', ['-n', space, 'address', 'add', at, 'dev', 'eth0']);
        await run('ip', ['-n', space, 'link', 'set', link ?? '', 'up']);
      }
      const exec = ['netns', 'exec', space];
      return {
        address,
        start: (program, args, options) => startProcess('ip', [...exec, program, ...args], options),
        async interceptInbound(port, except) {
          const rules = `table ip mesh { chain inbound { type nat hook prerouting priority -100;
            tcp dport { ${except.join(', ')} } return; ip protocol tcp redirect to :${port}; }; }`;
          await run('ip', [...exec, await realPart('nft'), rules]);
        },
      };
    },
    async close() {
      for (const space of spaces) {
        await run('ip', ['netns', 'delete', space]);
        rmSync(`/etc/netns/${space}`, { recursive: true, force: true });
      }
      await run('ip', ['link', 'delete', id]);
    },
  };
}
