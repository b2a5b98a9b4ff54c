import { create } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, durationMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  AdoptHistoriesRequestSchema,
  AdoptHistoriesResponseSchema,
  CreateSidecarTokenRequestSchema,
  CreateSidecarTokenResponseSchema,
  ForgetSidecarRequestSchema,
  ForgetSidecarResponseSchema,
  GetReceiptRequestSchema,
  GetReceiptResponseSchema,
  ListSidecarsRequestSchema,
  ListSidecarsResponseSchema,
  SidecarState,
} from '../../gen/ostiary/v1/sidecars_pb.js';
import type { SidecarSchema } from '../../gen/ostiary/v1/sidecars_pb.js';
import type { Caller } from '../access/caller.ts';
import type { AuditEvent } from '../audit/event.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Clock } from '../clock.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import { unaryOf } from '../operator/unary.ts';
import type { ResourceLog } from '../registry/log.ts';
import type { Receipts } from '../registry/receipt.ts';
import { secretHash } from '../sync/callers.ts';
import type { Followers } from '../sync/followers.ts';
import type { Hub } from '../sync/hub.ts';
import type { SidecarRecord } from '../sync/sidecar-store.ts';
import { standingOf } from '../sync/standing.ts';
import type { Standing } from '../sync/standing.ts';
import { withoutNodes } from './receipt-rights.ts';
import type { ControlAccess } from './access.ts';
import type { StoredSidecars } from './sidecar-store.ts';

export interface SidecarServicePorts {
  readonly store: StoredSidecars;
  readonly log: Pick<ResourceLog, 'head' | 'changesAfter'>;
  readonly hub: Hub;
  readonly followers: Followers;
  readonly receipts: Receipts;
  readonly access: ControlAccess;
  readonly trail: AuditTrail;
  readonly clock: Clock;
  /** So many bytes that nobody can guess. */
  readonly randomBytes: (count: number) => Buffer;
}

const SERVICE = 'ostiary.v1.SidecarService';
const HOUR_MS = 3_600_000;
const LONGEST_TTL_MS = 366 * 24 * HOUR_MS;
const LONGEST_WAIT_MS = 60_000;
const TOKEN_BYTES = 32;

const STATES: Readonly<Record<Standing, SidecarState>> = {
  in_sync: SidecarState.IN_SYNC,
  pending: SidecarState.PENDING,
  faulty: SidecarState.FAULTY,
  unknown_history: SidecarState.UNKNOWN_HISTORY,
  unreachable: SidecarState.UNREACHABLE,
  left: SidecarState.LEFT,
  stale: SidecarState.STALE,
};

/** The methods of `ostiary.v1.SidecarService`. */
export function sidecarMethods(ports: SidecarServicePorts): readonly Method[] {
  const { access, clock, followers, log, receipts, store, trail } = ports;
  const unary = unaryOf(SERVICE);
  const allow = (name: string, call: Call) => access(`/${SERVICE}/${name}`, call);
  return [
    unary('ListSidecars', ListSidecarsRequestSchema, ListSidecarsResponseSchema, async ({ lagging }, call) => {
      await allow('ListSidecars', call);
      const { revision } = await answered(log.head());
      const now = clock.now();
      const told = (await answered(store.list())).map((sidecar) => ({
        sidecar,
        standing: standingOf(sidecar, revision, now),
      }));
      const wanted = lagging ? told.filter(({ standing }) => standing !== 'in_sync') : told;
      const lagOf = await lags(
        ports,
        revision,
        wanted.map(({ sidecar }) => sidecar.enforcedRevision),
      );
      const sidecars = wanted.map(({ sidecar, standing }) =>
        Object.assign(messageOf(sidecar), { state: STATES[standing] }, lagOf(sidecar.enforcedRevision)),
      );
      return create(ListSidecarsResponseSchema, { sidecars, revision: BigInt(revision) });
    }),
    unary('ForgetSidecar', ForgetSidecarRequestSchema, ForgetSidecarResponseSchema, async ({ node }, call) => {
      const caller = await allow('ForgetSidecar', call);
      const forgetting = trail.recorded(
        async (inside) => {
          if (!(await store.in(inside).forget(node))) throw new RpcError(Code.notFound, `there is no sidecar ${node}`);
        },
        () => eventOf('sidecar.forgotten', caller, { node }),
      );
      await answered(forgetting);
      followers.endNode(node, 'this sidecar was forgotten: it has to join again');
      return create(ForgetSidecarResponseSchema);
    }),
    unary(
      'CreateSidecarToken',
      CreateSidecarTokenRequestSchema,
      CreateSidecarTokenResponseSchema,
      async (request, call) => {
        const caller = await allow('CreateSidecarToken', call);
        const ttlMs = request.ttl === undefined ? HOUR_MS : durationMs(request.ttl);
        if (ttlMs <= 0 || ttlMs > LONGEST_TTL_MS)
          throw new RpcError(Code.invalidArgument, 'ttl: expected a time of at most 366 days');
        const token = ports.randomBytes(TOKEN_BYTES).toString('base64url');
        const { namespaces = [], apis = [], labels = {} } = request.scope ?? {};
        const createdAt = clock.now();
        const expiresAt = createdAt + ttlMs;
        const scope = { namespaces, apis, labels };
        const { mostUses, name } = request;
        const row = { hash: secretHash(token), name, scope, createdAt, expiresAt, mostUses };
        const adding = trail.recorded(
          (inside) => store.in(inside).addToken(row),
          () => eventOf('token.created', caller, { for: 'sidecars', name }),
        );
        await answered(adding);
        return create(CreateSidecarTokenResponseSchema, { token, expires: timestampFromMs(expiresAt) });
      },
    ),
    unary('GetReceipt', GetReceiptRequestSchema, GetReceiptResponseSchema, async ({ revision, wait }, call) => {
      const caller = await allow('GetReceipt', call);
      const head = await answered(log.head());
      if (revision > BigInt(head.revision))
        throw new RpcError(Code.notFound, `revision ${revision} was not written yet: the latest is ${head.revision}`);
      const waitMs = Math.min(LONGEST_WAIT_MS, wait === undefined ? 0 : durationMs(wait));
      const { ms, ...receipt } = await answered(receipts.of(Number(revision) || head.revision, waitMs));
      const message = { ...receipt, revision: BigInt(receipt.revision), took: durationFromMs(ms) };
      const [pending, unreachable] = [[...receipt.pending], [...receipt.unreachable]];
      return withoutNodes(create(GetReceiptResponseSchema, { receipt: { ...message, pending, unreachable } }), caller);
    }),
    unary('AdoptHistories', AdoptHistoriesRequestSchema, AdoptHistoriesResponseSchema, async (request, call) => {
      const caller = await allow('AdoptHistories', call);
      const byHistory = new Map<string, string[]>(request.histories.map((history) => [history, []]));
      for (const { node, otherHistory } of await answered(store.list())) {
        if (otherHistory === '') continue;
        const nodes = byHistory.get(otherHistory);
        if (nodes !== undefined) nodes.push(node);
        else if (request.histories.length === 0) byHistory.set(otherHistory, [node]);
      }
      const adopting = trail.recorded(
        (inside) => store.in(inside).adopt([...byHistory.keys()], clock.now()),
        () => eventOf('sidecar.adopted', caller),
      );
      await answered(adopting);
      await answered(followers.lookAgain());
      const adopted = [...byHistory].map(([history, nodes]) => ({ history, nodes }));
      return create(AdoptHistoriesResponseSchema, { adopted });
    }),
  ];
}

function eventOf(
  action: 'sidecar.adopted' | 'sidecar.forgotten' | 'token.created',
  { address, credential, name }: Caller,
  detail: Readonly<Record<string, string>> = {},
): AuditEvent {
  return { action, outcome: 'done', caller: { address, credential, name }, detail };
}

function messageOf(sidecar: SidecarRecord): MessageInitShape<typeof SidecarSchema> {
  const { enforcedRevision, faults, joinedAt, labels, lastContactAt, node, scope, version } = sidecar;
  return {
    node,
    version,
    scope: { namespaces: [...scope.namespaces], apis: [...scope.apis], labels: { ...scope.labels } },
    labels: { ...labels },
    revision: BigInt(enforcedRevision),
    faults: faults.map(({ resource, field, message }) => ({ resource, field, message })),
    joined: timestampFromMs(joinedAt),
    lastContact: timestampFromMs(lastContactAt),
  };
}

/** How long the oldest change is there that is not enforced, by what is enforced. */
async function lags({ clock, log }: SidecarServicePorts, head: number, enforced: readonly number[]) {
  const lagMs = new Map<number, number>();
  for (const revision of new Set(enforced)) {
    if (revision >= head) continue;
    const [next] = await answered(log.changesAfter(revision, 1));
    if (next !== undefined) lagMs.set(revision, Math.max(0, clock.now() - next.at));
  }
  return (revision: number) => {
    const ms = lagMs.get(revision);
    return ms === undefined ? {} : { lag: durationFromMs(ms) };
  };
}

/** Without its database a control plane tells nothing of sidecars. */
async function answered<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof RpcError) throw error;
    throw new RpcError(Code.unavailable, "the control plane's database does not answer");
  }
}
