import { join } from 'node:path';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import type { ListenerOptions } from '../../src/generate/bootstrap.ts';
import type { Endpoint } from '../../src/generate/ext-authz.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { OstiaryOptions, RealOstiary } from '../real/ostiary.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';

/** A real Envoy in front of a small upstream, with ostiary deciding. */
export interface Mesh {
  readonly envoy: RealEnvoy;
  /** The latest one: {@link restartOstiary} replaces it. */
  ostiary(): RealOstiary;
  /** Starts ostiary anew at the same address, after it was stopped or killed. */
  restartOstiary(): Promise<void>;
  /** Access log lines of Envoy since the start, decoded. */
  accessLog(): readonly AccessLogEntry[];
  stop(): Promise<void>;
}

export interface AccessLogEntry {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly flags: string;
  readonly details: string;
  readonly ostiary: Readonly<Record<string, unknown>> | null;
}

/** The ports of a mesh's Envoy: one listener for each way in which Envoy may be configured. */
export type Front = 'normalized' | 'verbatim' | 'raw' | 'pinned';

/** What carries `--listen`: what a real Envoy sees is tested on each. */
export const TRANSPORTS = ['http2', 'grpc-js'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

export interface MeshOptions extends Omit<OstiaryOptions, 'listen'> {
  /** How Envoy reaches ostiary. */
  readonly via?: 'tcp' | 'unix';
  /** The default is ostiary's own. */
  readonly transport?: TransportName;
  /**
   * How long Envoy waits for a Check. Not the templates' 250 ms: where many tests run on few cores a first Check
   * may take longer, and only tests of time-outs are about that.
   */
  readonly timeoutMs?: number;
  /** The API of the listener `pinned`. */
  readonly pinnedApi?: string;
  /** What the APIs are; the mesh closes it. Absent: it answers with the request as it arrived. */
  readonly upstream?: Upstream;
}

export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const { listen, endpoint } = await address(options.via ?? 'tcp');
  const upstream = options.upstream ?? (await startUpstream());
  const transport = options.transport === undefined ? [] : ['--transport', options.transport];
  const args = [...transport, ...(options.args ?? [])];
  let ostiary = await startOstiary({ ...options, listen, args });
  const envoy = await startEnvoy(
    bootstrap({
      ostiary: endpoint,
      timeoutMs: options.timeoutMs ?? 2000,
      listeners: [
        front('normalized', {}),
        front('verbatim', { normalizePath: false }),
        front('raw', { rawHeaders: true }),
        front('pinned', { api: options.pinnedApi ?? 'none' }),
      ],
      upstream: { host: '127.0.0.1', port: upstream.port },
    }),
  );
  return {
    envoy,
    ostiary: () => ostiary,
    async restartOstiary() {
      ostiary = await startOstiary({ ...options, listen, args });
    },
    accessLog: () =>
      envoy
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as AccessLogEntry),
    async stop() {
      await Promise.all([envoy.stop(), ostiary.stop(), upstream.close()]);
    },
  };
}

async function address(via: 'tcp' | 'unix'): Promise<{ listen: string; endpoint: Endpoint }> {
  if (via === 'unix') {
    const path = join(scratchFolder('sock'), 'ostiary.sock');
    return { listen: `unix:${path}`, endpoint: { kind: 'unix', path } };
  }
  const port = await freePort();
  return { listen: `127.0.0.1:${port}`, endpoint: { kind: 'tcp', host: '127.0.0.1', port } };
}

function front(name: Front, chosen: Partial<ListenerOptions>): ListenerOptions {
  const usual = { rawHeaders: false, normalizePath: true, api: undefined };
  return { name, host: '127.0.0.1', port: 0, ...usual, ...chosen };
}
