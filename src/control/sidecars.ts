import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { AuditTrail } from '../audit/trail.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import type { Log } from '../observe/log.ts';
import type { ResourceKey } from '../registry/log.ts';
import type { Receipts } from '../registry/receipt.ts';
import type { OpenedRegistry } from '../registry/open.ts';
import type { Registry } from '../registry/registry.ts';
import type { Opening } from '../sync/catalogue.ts';
import { secretHash } from '../sync/callers.ts';
import { Followers } from '../sync/followers.ts';
import { Hub } from '../sync/hub.ts';
import { StoredReceipts } from '../sync/receipts.ts';
import { keyText as resourceText } from '../sync/resource-key.ts';
import { EVERYTHING, isEverything } from '../sync/scope.ts';
import type { Scope } from '../sync/scope.ts';
import type { SyncObserver } from '../sync/sync-counts.ts';
import type { Vouching } from '../sync/vouching.ts';
import { isCounted, standingOf } from '../sync/standing.ts';
import type { ControlAccess } from './access.ts';
import type { CountedSidecar } from './impact.ts';
import { askSidecarMethod } from './asking.ts';
import { Planes, reachable } from './planes.ts';
import { sidecarMethods } from './sidecar-service.ts';
import type { SidecarIdentity, SidecarStore } from '../sync/sidecar-store.ts';
import { openSidecarStore } from './sidecar-store.ts';
import { recordedJoins } from './recorded-joins.ts';
import { snapshotMethods } from './snapshot-service.ts';

export interface SidecarsPorts {
  readonly registry: Registry;
  readonly database: OpenedRegistry['database'];
  readonly access: ControlAccess;
  /** The key that signs snapshots; undefined: there is none. */
  readonly snapshotKeyFile: string | undefined;
  /** What sidecars are sent of a resource. */
  readonly open: Opening;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly trail: AuditTrail;
  readonly onFault: (detail: string) => void;
  /** Who else says who a sidecar is; undefined: nobody. */
  readonly vouching: Vouching | undefined;
  readonly observer: SyncObserver;
}

/** Everything that has to do with sidecars. */
export interface Sidecars {
  readonly methods: readonly Method[];
  readonly receipts: Receipts;
  readonly store: SidecarStore;
  readonly followers: Pick<Followers, 'ask' | 'nodes'>;
  /** Lets the sidecar of this process join. @returns a token for one join, of this node @throws DatabaseFault (rejects with it) */
  admit(node: string): Promise<string>;
  /** Which sidecar calls. @throws RpcError (rejects with it) */
  readonly identify: (call: Call) => Promise<SidecarIdentity>;
  /** All that receipts count. @throws DatabaseFault (rejects with it) */
  readonly counted: () => Promise<readonly CountedSidecar[]>;
  /** Whether sidecars of a scope are sent a resource. */
  readonly isSent: (scope: Scope, key: ResourceKey) => boolean;
  /** Called when acknowledgements were stored here. @returns what ends it */
  readonly onStored: (listener: () => void) => () => void;
  /** How many follow this control plane. */
  count(): number;
  /** @param url as this control plane listens: others are told of it */
  listen(url: string): void;
  close(): Promise<void>;
}

/** How long the token of a sidecar in this process can be used. */
const JOIN_MS = 60_000;

/** @throws DatabaseFault (rejects with it) */
export async function openSidecars(ports: SidecarsPorts): Promise<Sidecars> {
  const { registry, database, access, open, clock, timers, random, log, trail, onFault, vouching, observer } = ports;
  // First: what else reads the whole log at the start shares that with it.
  const opening = Hub.open({ log: registry, open, clock, timers, random, onFault });
  const [store, hub] = await Promise.all([openSidecarStore(database), opening]);
  const instance = randomBytes(8).toString('hex');
  const admission = (address: string) => recordedJoins(store, trail, address);
  const followers = new Followers({
    hub,
    store,
    admission,
    vouching,
    observer,
    instance,
    clock,
    timers,
    random,
    onFault,
  });
  const { presence } = followers;
  const planes = await Planes.open(database, { instance, clock, timers });
  const receipts = new StoredReceipts({ log: registry, store, presence, clock, timers });
  return {
    methods: [
      ...followers.methods(),
      ...snapshotMethods({ hub, access, clock, keyFile: ports.snapshotKeyFile }),
      ...sidecarMethods({ store, log: registry, hub, followers, receipts, access, trail, clock, randomBytes }),
      askSidecarMethod({ followers, planes, access, log, trail }),
    ],
    receipts,
    store,
    followers,
    async admit(node) {
      // It may have joined before and lost its credential.
      await store.forget(node);
      const token = randomBytes(32).toString('base64url');
      const createdAt = clock.now();
      const use = { createdAt, expiresAt: createdAt + JOIN_MS, mostUses: 1 };
      await store.addToken({ hash: secretHash(token), name: node, scope: EVERYTHING, ...use });
      return token;
    },
    identify: (call) => followers.callers.identify(call),
    counted: async () =>
      (await store.list()).filter((each) => isCounted(standingOf(each, each.enforcedRevision, clock.now()))),
    isSent: (scope, key) => isEverything(scope) || hub.viewOf(scope).view.get(resourceText(key)) !== undefined,
    onStored: (listener) => presence.onStored(listener),
    count: () => followers.size,
    listen: (url) => planes.listen(reachable(url, hostname())),
    async close() {
      await planes.close();
      await followers.close();
      hub.close();
    },
  };
}
