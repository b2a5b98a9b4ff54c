import { systemClock as clock } from '../clock.ts';
import { UserError } from '../errors.ts';
import type { RpcTransport } from '../grpc/rpc.ts';
import { ScriptMemory } from '../memory/script-memory.ts';
import type { KeySetRefresh } from '../operator/keys.ts';
import { aggregatedText } from './aggregated-metrics.ts';
import type { SharedCounters } from './counter-store.ts';
import type { Decider } from './decider.ts';
import { ownLink } from './script-owner.ts';
import type { ServeFlags } from './serve-flags.ts';
import { limitsOf } from './serve-options.ts';
import { type PoolOptions, WorkerPool } from './worker-pool.ts';

/** Several processes that decide, and what this one, their owner, has of them. */
export interface Workers {
  readonly shared: SharedCounters;
  readonly transport: RpcTransport;
  setServing(isServing: boolean): void;
  /** Told of workers that end by themselves, or are killed since they are stuck. */
  onLost: PoolOptions['lost'];
  /** Told of connections beyond the limit. */
  onRefused: () => void;
  /** How many take connections. */
  serving(): number;
  /** Of each worker. */
  refreshKeys(url: string | undefined): Promise<readonly (readonly KeySetRefresh[])[]>;
  /** Of all processes. */
  metricsText(own: Decider['metrics']): Promise<string>;
}

/** @returns undefined where this process serves by itself */
export function workersOf({ workers, transport, maxConnections, maxCounters }: ServeFlags): Workers | undefined {
  if (workers === 1) return undefined;
  if (transport !== 'http2') throw new UserError('--workers needs --transport http2', 2);
  const memory = new ScriptMemory(clock, maxCounters);
  const pool = new WorkerPool({
    workers,
    memory,
    maxConnections,
    lost: (...loss) => made.onLost(...loss),
    refused: () => made.onRefused(),
  });
  const made: Workers = {
    shared: {
      link: ownLink(memory),
      workers,
      announceReset: (key, epoch) => pool.tell({ kind: 'reset', key, epoch }),
      joined() {},
    },
    transport: pool.transport,
    setServing: (isServing) => pool.setServing(isServing),
    serving: () => pool.serving,
    onLost() {},
    onRefused() {},
    refreshKeys: (url) => pool.refreshKeys(url),
    metricsText: async ({ registry }) => aggregatedText(registry, await pool.metrics()),
  };
  return made;
}

/** What carries `--listen` in this process. Only the one in use is loaded. */
export async function transportOf(flags: ServeFlags, { observer }: Decider): Promise<RpcTransport> {
  const listener = observer.transport('grpc');
  if (flags.transport === 'grpc-js') {
    if (flags.gzip)
      throw new UserError('--gzip needs --transport http2: grpc-js unpacks any number of messages at once', 2);
    const { grpcJsTransport } = await import('../grpc/grpc-js.ts');
    return grpcJsTransport({
      totalBufferedBytes: flags.maxBufferedBytes,
      onAbuse: (kind) => listener.onAbuse(kind),
      clock,
    });
  }
  const { http2Transport } = await import('../http2/transport.ts');
  return http2Transport({ observer: listener, limits: limitsOf(flags), now: () => clock.monotonic() });
}
