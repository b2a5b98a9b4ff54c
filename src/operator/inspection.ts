/** `ostiary.v1.InspectionService`: questions of operators to a running ostiary. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import * as proto from '../../gen/ostiary/v1/inspection_pb.js';
import type { Clock } from '../clock.ts';
import { demandOf } from '../decision/charging.ts';
import type { Decision } from '../decision/decision.ts';
import type { Fault } from '../errors.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import type { CounterSubject, QuotaPolicy } from '../policy/policy.ts';
import { StoreUnavailable } from '../quota/store.ts';
import type { CounterStore, Demand } from '../quota/store.ts';
import type { Api, Bound, Snapshot } from '../snapshot/snapshot.ts';
import type { MethodEffect } from './access.ts';
import { explanationOf, MODES, toCounter } from './explanation.ts';
import type { Telling } from './explanation.ts';
import { refreshKeysMethod } from './keys.ts';
import type { RefreshKeys } from './keys.ts';
import { toLimit } from './limit-message.ts';
import { unaryOf } from './unary.ts';

/** What the service needs of the process it inspects. */
export interface Inspector {
  /** In force now; undefined until one is loaded. */
  snapshot(): Snapshot | undefined;
  /** The faults of the last reload; empty if it succeeded. */
  faults(): readonly Fault[];
  /**
   * Decides a serialised CheckRequest with the snapshot, like `Authorization/Check`, but charges nothing.
   * @returns with the serialised CheckResponse that Envoy would get
   */
  explain(check: Uint8Array, snapshot: Snapshot, call: Call): Promise<Explained>;
  readonly store: Pick<CounterStore, 'peek' | 'reset'>;
  readonly refreshKeys: RefreshKeys;
  readonly clock: Clock;
  /** Called for each reset, including one that fails on the way. */
  countersReset?(reset: CountersReset): void;
}

/** A reset of counters by an operator. */
export interface CountersReset {
  readonly api: string;
  /** Empty if it was the counter of a key, or of requests without one. */
  readonly clientId: string;
  /** Names of the counters; keys that callers choose are hashed in them. */
  readonly counters: readonly string[];
  readonly windows: number;
  /** False: the store failed, and some counters may be unchanged. */
  readonly isComplete: boolean;
}

export interface Explained {
  readonly decision: Decision;
  readonly answer: Uint8Array;
}

/** The methods that do more than read. */
export const PATH_EFFECTS: Readonly<Record<string, MethodEffect>> = {
  '/ostiary.v1.InspectionService/Explain': 'trial',
  // It answers only for existing clients.
  '/ostiary.v1.InspectionService/InspectCounters': 'disclosure',
  '/ostiary.v1.InspectionService/ResetCounters': 'mutation',
  '/ostiary.v1.InspectionService/RefreshKeys': 'mutation',
  // They name clients.
  '/ostiary.v1.AnalyticsService/Query': 'disclosure',
  '/ostiary.v1.AnalyticsService/Top': 'disclosure',
  '/ostiary.v1.AnalyticsService/Graph': 'disclosure',
  '/ostiary.v1.AnalyticsService/ListSamples': 'disclosure',
  // Who reaches the loopback could confirm a refusal that did not happen where it should.
  '/ostiary.v1.ProbeService/ExpectProbe': 'mutation',
  '/ostiary.v1.ProbeService/TellProbe': 'disclosure',
};

/** How long the counter store may take where the caller sets no deadline. */
const STORE_TIMEOUT_MS = 2000;

const unary = unaryOf('ostiary.v1.InspectionService');

export function inspectionMethods(inspector: Inspector, telling: Telling): readonly Method[] {
  const loaded = (): Snapshot => {
    const snapshot = inspector.snapshot();
    if (snapshot === undefined) throw new RpcError(Code.unavailable, 'no documents are loaded yet');
    return snapshot;
  };
  return [
    unary('Explain', proto.ExplainRequestSchema, proto.ExplainResponseSchema, async ({ check }, call) => {
      if (check === undefined) throw new RpcError(Code.invalidArgument, 'check: a CheckRequest is required');
      const { decision, answer } = await inspector.explain(toBinary(CheckRequestSchema, check), loaded(), call);
      return explanationOf(decision, fromBinary(CheckResponseSchema, answer), telling);
    }),
    unary('ListApis', proto.ListApisRequestSchema, proto.ListApisResponseSchema, () => {
      const snapshot = loaded();
      const contracts = Map.groupBy(snapshot.contracts(), ({ api }) => api);
      const apis = snapshot.apis.map((api) => toApi(api, contracts.get(api.name)?.length ?? 0));
      return create(proto.ListApisResponseSchema, { apis });
    }),
    unary('GetSnapshot', proto.GetSnapshotRequestSchema, proto.GetSnapshotResponseSchema, () => {
      const { version, loadedAt, sources, apis, clientApplications, contractCount } = loaded();
      return create(proto.GetSnapshotResponseSchema, {
        version,
        loadedAt: timestampFromMs(loadedAt),
        sources: [...sources],
        faults: inspector.faults().map((fault) => create(proto.FaultSchema, { ...fault })),
        apis: apis.length,
        clientApplications,
        contracts: contractCount,
      });
    }),
    unary(
      'InspectCounters',
      proto.InspectCountersRequestSchema,
      proto.InspectCountersResponseSchema,
      async (request, call) => {
        const policies = [];
        for (const { bound, demand } of countersOf(loaded(), request)) {
          const { windows, byOutagePolicy } = await storeAnswer(() =>
            inspector.store.peek([demand], deadlineOf(call, inspector)),
          );
          if (byOutagePolicy === true) throw new RpcError(Code.unavailable, "the counter store can't be reached");
          const counters = (windows[0] ?? []).map((window) => toCounter(window, 0));
          policies.push(create(proto.PolicyCountersSchema, { name: bound.name, policy: bound.kind, counters }));
        }
        return create(proto.InspectCountersResponseSchema, { policies });
      },
    ),
    unary(
      'ResetCounters',
      proto.ResetCountersRequestSchema,
      proto.ResetCountersResponseSchema,
      async (request, call) => {
        let windows = 0;
        const counters: string[] = [];
        const found = countersOf(loaded(), request);
        const { api, clientId } = request;
        try {
          for (const { demand } of found) {
            counters.push(demand.key);
            windows += await storeAnswer(() => inspector.store.reset([demand], deadlineOf(call, inspector)));
          }
        } catch (error) {
          inspector.countersReset?.({ api, clientId, counters, windows, isComplete: false });
          throw error;
        }
        inspector.countersReset?.({ api, clientId, counters, windows, isComplete: true });
        return create(proto.ResetCountersResponseSchema, { windows });
      },
    ),
    refreshKeysMethod(inspector.refreshKeys),
  ];
}

interface SubjectCounters {
  readonly bound: Bound<QuotaPolicy>;
  readonly demand: Demand;
}

/** The counters of one client, of one key, or (with neither) of requests without a key; at least one policy's. */
function countersOf(
  snapshot: Snapshot,
  { api: name, clientId, key }: { api: string; clientId: string; key: string },
): readonly SubjectCounters[] {
  if (name === '') throw new RpcError(Code.invalidArgument, 'api: the name of an API is required');
  if (clientId !== '' && key !== '') {
    throw new RpcError(Code.invalidArgument, 'client_id, key: give one of them, since no counter has both');
  }
  const api = snapshot.apiNamed(name);
  if (api === undefined)
    throw new RpcError(Code.notFound, `api: no API is named ${JSON.stringify(name)}; see ListApis`);
  const subject: CounterSubject = { api: name, clientId, key };
  const found = api.quota.flatMap((bound) => {
    const charge = bound.policy.demandFor(subject, snapshot.directory);
    return charge === undefined ? [] : [{ bound, demand: demandOf(api, bound, charge) }];
  });
  if (found.length === 0) {
    const whose =
      clientId === ''
        ? key === ''
          ? 'requests without a key'
          : 'this key'
        : 'this client: it needs a contract with a tier';
    throw new RpcError(Code.notFound, `no quota policy of API ${name} counts for ${whose}`);
  }
  return found;
}

function deadlineOf(call: Call, { clock }: Inspector): number {
  return Math.min(call.deadline, clock.monotonic() + STORE_TIMEOUT_MS);
}

async function storeAnswer<T>(ask: () => T | Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof StoreUnavailable) {
      throw new RpcError(Code.unavailable, `the counter store can't tell: ${error.message}`);
    }
    throw error;
  }
}

/** A group, then the policies of which one decides. */
function withAlternatives(bound: Api['access'][number]): Api['access'] {
  return [bound, ...(bound.alternatives ?? []).flatMap(({ policies }) => policies)];
}

function toApi(api: Api, contracts: number): proto.Api {
  return create(proto.ApiSchema, {
    name: api.name,
    labels: { ...api.labels },
    hosts: [...api.hosts],
    basePath: api.basePath,
    policies: [...api.access.flatMap(withAlternatives), ...api.quota].map(({ name, kind, order, mode }) => ({
      name,
      policy: kind,
      order,
      mode: MODES[mode],
    })),
    tiers: api.tiers.map(({ name, limits }) => ({
      name,
      limits: limits.map(toLimit),
    })),
    contracts,
  });
}
