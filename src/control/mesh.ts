import type { SampledRequest } from '../analytics/sampled-request.ts';
import type { Clock, Timers } from '../clock.ts';
import { DatabaseFault } from '../database/database-fault.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import { openHistory } from '../history/open-history.ts';
import type { HistoryPlace, OpenedHistory } from '../history/open-history.ts';
import type { Log } from '../observe/log.ts';
import type { Registry } from '../observe/prometheus.ts';
import { analyticsMethods } from '../operator/analytics.ts';
import { QuestionRoom } from '../operator/question-room.ts';
import { archiveOf } from '../serve/slot-archive.ts';
import type { SidecarIdentity, SidecarStore } from '../sync/sidecar-store.ts';
import { reportSlotsMethod } from '../telemetry/report-service.ts';
import { SlotIntake } from '../telemetry/slot-intake.ts';
import type { ControlAccess } from './access.ts';
import type { Caller } from '../access/caller.ts';
import type { AnalyticsDesk } from '../operator/analytics-desk.ts';
import type { GraphSurroundings } from '../operator/graph-surroundings.ts';
import type { Registry as ResourceRegistry } from '../registry/registry.ts';
import { deskWithin, requestScope } from './analytics-scope.ts';
import type { CurrentIndex } from './current-index.ts';
import { graphSurroundings } from './graph-surroundings.ts';
import { guardedMethods } from './guarded.ts';
import { Rights } from './rights.ts';
import { meshMetrics } from './mesh-metrics.ts';
import { missingNodes } from './missing-nodes.ts';
import { refusalTeller } from './refusal-teller.ts';
import { SampleStore } from './sample-store.ts';

export interface MeshPorts {
  readonly sidecars: Pick<SidecarStore, 'list'>;
  /** Which sidecar calls. @throws RpcError (rejects with it) */
  readonly identify: (call: Call) => Promise<Pick<SidecarIdentity, 'node'>>;
  readonly access: ControlAccess;
  readonly index: Pick<CurrentIndex, 'current'>;
  readonly resources: Pick<ResourceRegistry, 'resources'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly registry: Registry;
}

/** What the control plane knows of the requests of all sidecars. */
export interface Mesh {
  readonly methods: readonly Method[];
  readonly history: OpenedHistory;
  /** Keeps samples of a sidecar in this process: those of others come with their counts. */
  takeSamples(node: string, samples: readonly SampledRequest[]): void;
  close(): Promise<void>;
}

/** A sidecar counts at most 50,000 keys, and some more are folded. */
const MOST_ROWS = 60_000;

/**
 * Opens the store of what sidecars count, with the service that takes it and the one that answers for all of them.
 * @throws DatabaseFault (rejects with it) if the place can't be used
 */
export async function openMesh(place: HistoryPlace, ports: MeshPorts): Promise<Mesh> {
  const { access, clock, identify, log, registry, sidecars, timers } = ports;
  const history = await openHistory(place, {
    clock,
    timers,
    registry,
    tell: (level, message, detail) => log[level](message, { detail }),
  });
  const onFault = faultTeller(log, clock);
  const samples = await SampleStore.open(history.database, { clock, timers, onFault });
  const takeSamples: Mesh['takeSamples'] = (node, some) => samples.take(node, some);
  const metrics = meshMetrics(registry);
  const tellRefusal = refusalTeller(log, clock);
  const intake = new SlotIntake(
    { receive: (slots) => history.receive(slots).catch((error: unknown) => tell(error, onFault)) },
    isAway,
  );
  const reporting = reportSlotsMethod({
    intake,
    takeSamples,
    identify: async (call) => (await identify(call)).node,
    mostRows: MOST_ROWS,
    clock,
    timers,
    settled(node, fate, detail) {
      metrics.settled(fate);
      if (fate !== 'added' && fate !== 'repeated') tellRefusal(node, fate, detail);
    },
  });
  const desk = {
    archive: archiveOf(history.history),
    samples,
    missing: missingNodes({ history: history.history, sidecars, clock }),
  };
  const room = new QuestionRoom();
  const methodsOf = (own: AnalyticsDesk, surroundings?: GraphSurroundings) =>
    analyticsMethods({ desk: own, snapshot: () => undefined, clock, room, ...(surroundings && { surroundings }) });
  const askedBy = async (caller: Caller): Promise<readonly Method[]> => {
    const { index } = await ports.index.current();
    const rights = new Rights(caller, index);
    const scope = requestScope(rights, index);
    return methodsOf(scope === undefined ? desk : deskWithin(scope, desk), graphSurroundings(rights, index, ports));
  };
  return {
    history,
    takeSamples,
    methods: [reporting, ...guardedMethods(access, methodsOf(desk), askedBy)],
    async close() {
      await samples.close();
      await history.close();
    },
  };
}

function isAway(error: unknown): boolean {
  return error instanceof DatabaseFault && error.kind !== 'failed';
}

function tell(error: unknown, onFault: (error: unknown) => void): never {
  onFault(error);
  throw error;
}

const TOLD_EVERY_MS = 60_000;

/** One that is away says the same at each try. */
function faultTeller(log: Log, clock: Clock): (error: unknown) => void {
  let toldAt = -Infinity;
  return (error) => {
    const now = clock.monotonic();
    if (now - toldAt < TOLD_EVERY_MS) return;
    toldAt = now;
    log.error('counts of sidecars are not stored', { detail: error instanceof Error ? error.message : String(error) });
  };
}
