import type { EnvoyLossIn } from '../analytics/envoy-losses.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { UserError } from '../errors.ts';
import type { RpcTransport } from '../grpc/rpc.ts';
import { ScriptMemory } from '../memory/script-memory.ts';
import type { KeySetRefresh } from '../operator/keys.ts';
import { randomBytes } from 'node:crypto';
import { createContractUsage } from '../observe/contract-usage.ts';
import { expose, inTurn } from '../observe/exposition.ts';
import type { Exposition } from '../observe/exposition.ts';
import { MergedFamilies } from '../observe/merged-families.ts';
import type { ProbeDesk } from '../operator/probe-watch.ts';
import type { Slot } from '../rollup/slot.ts';
import type { SampleArchive, SampleQuestion } from '../analytics/sampled-request.ts';
import { aggregate, sumOf } from './aggregated-metrics.ts';
import type { SharedCounters } from './counter-store.ts';
import type { Decider } from './decider.ts';
import type { Reporting } from './reporting.ts';
import { DocumentRelay } from './document-relay.ts';
import { ownLink } from './script-owner.ts';
import type { ServeFlags } from './serve-flags.ts';
import { limitsOf } from './serve-options.ts';
import type { Inheritance } from './inheritance.ts';
import type { SharedAccounts } from './shared-accounts.ts';
import { WorkerAccounts } from './worker-accounts.ts';
import { CHECKS, isLogWanted, watchForLog } from './missing-log.ts';
import type { MissingLog } from './missing-log.ts';
import type { EventBatch } from './worker-messages.ts';
import { WorkerPool } from './worker-pool.ts';
import type { WorkerProcess } from './worker-process.ts';

/** The processes that decide, as their owner sees them. */
export interface Workers {
  /** Takes documents of a control plane for them. */
  readonly relay: DocumentRelay;
  readonly shared: SharedCounters;
  readonly transport: RpcTransport;
  setServing(isServing: boolean): void;
  /** One list for each worker. */
  refreshKeys(url: string | undefined): Promise<readonly (readonly KeySetRefresh[])[]>;
  readonly samples: SampleArchive;
  /** One for each. */
  probes(): readonly ProbeDesk[];
  /** The accounts of workers that end are kept from now on. */
  inheritTo(inheritance: Inheritance): void;
  /** The metrics of all processes. */
  expose(own: Decider['metrics'], accept: string | undefined): Exposition;
}

/** Who is told what workers know of requests. */
export interface FromWorkers {
  /** What they count, where that is kept. */
  readonly slot: (slot: Slot) => void;
  readonly losses: (losses: readonly EnvoyLossIn[]) => void;
  /** Events. @returns settles when they are kept; never rejects */
  readonly events: (batch: EventBatch) => Promise<void>;
}

const BROKEN_TOLD_EVERY_MS = 1000;

/**
 * @param accounts of decisions, which workers share with each other and with others
 * @returns undefined if this process serves by itself
 */
export function workersOf(
  flags: ServeFlags,
  { metrics, observer, log }: Reporting,
  { slot: counted, losses, events }: FromWorkers,
  accounts: SharedAccounts,
): Workers | undefined {
  const { workers, transport, maxConnections, maxCounters, analyticsSeries } = flags;
  if (workers === 1) return undefined;
  if (transport !== 'http2') throw new UserError('--workers needs --transport http2', 2);
  const memory = new ScriptMemory(clock, maxCounters);
  const listener = observer.transport('grpc');
  let missing: MissingLog | undefined;
  const ofWorkers = new WorkerAccounts(accounts);
  const relay = new DocumentRelay();
  const pool = new WorkerPool({
    workers,
    relay,
    memory,
    maxConnections,
    counted,
    accounts: ofWorkers,
    events,
    logStreamed: () => missing?.found(),
    losses,
    lost(pid, reason, why) {
      metrics.workers.lost(reason);
      log.error('worker lost', { detail: `${pid}: ${why}` });
    },
    refused: () => listener.onAbuse('too_many_connections'),
  });
  const decided = async (): Promise<number> => sumOf(CHECKS, await pool.metrics());
  if (isLogWanted(flags)) missing = watchForLog({ registry: metrics.registry, log, timers, decided });

  setInterval(() => {
    if (accounts.isBroken(clock.monotonic() - BROKEN_TOLD_EVERY_MS)) pool.tell({ kind: 'sharing_broken' });
  }, BROKEN_TOLD_EVERY_MS).unref();
  metrics.workers.observe(() => pool.serving);
  const merged = new MergedFamilies(async () => {
    const { createRequestFamilies } = await import('../analytics/request-families.ts');
    const ofRequests = createRequestFamilies({ mostSeries: analyticsSeries, seed: randomBytes(4).readUInt32BE() });
    // In the order in which workers have them.
    return [...createContractUsage(() => clock.now()).families, ...ofRequests.all];
  });
  const oneByOne = inTurn();
  return {
    relay,
    shared: {
      link: ownLink(memory),
      workers,
      announceReset: (key, epoch) => pool.tell({ kind: 'reset', key, epoch }),
      joined() {},
    },
    transport: pool.transport,
    setServing: (isServing) => pool.setServing(isServing),
    samples: { find: (question) => samplesOf(pool.sources(), question) },
    inheritTo: (inheritance) => ofWorkers.inheritTo(inheritance),
    probes: () => pool.sources().map((worker) => worker.probes),
    refreshKeys: (url) => pool.refreshKeys(url),
    expose: ({ registry }, accept) =>
      oneByOne(
        expose(accept, async () => ({
          registry: await aggregate(registry, await pool.metrics()),
          families: await merged.merge(pool.sources()),
        })),
      ),
  };
}

/** The latest of all workers. */
async function samplesOf(workers: readonly WorkerProcess[], question: SampleQuestion) {
  const found = await Promise.all(workers.map((worker) => worker.samples(question)));
  return found
    .flat()
    .toSorted((a, b) => b.event.receivedAt - a.event.receivedAt)
    .slice(0, question.most);
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
