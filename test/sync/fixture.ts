import { randomBytes } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { FollowResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import { systemClock, systemTimers } from '../../src/clock.ts';
import type { Clock, Timers } from '../../src/clock.ts';
import type { ResourceLog } from '../../src/registry/log.ts';
import type { Delivery, Outcome } from '../../src/source/document-source.ts';
import { systemFiles } from '../../src/file-access.ts';
import { CacheFile } from '../../src/sync/cache-file.ts';
import type { ControlConnection } from '../../src/sync/connection.ts';
import type { Relay } from '../../src/sync/control-source-ports.ts';
import { ControlSource } from '../../src/sync/control-source.ts';
import { CredentialFile } from '../../src/sync/credential-file.ts';
import { Follower } from '../../src/sync/follower.ts';
import type { FollowerEvents } from '../../src/sync/follower-events.ts';
import { secretHash } from '../../src/sync/callers.ts';
import { Followers } from '../../src/sync/followers.ts';
import { Hub } from '../../src/sync/hub.ts';
import { StoredReceipts } from '../../src/sync/receipts.ts';
import { EVERYTHING } from '../../src/sync/scope.ts';
import type { Scope } from '../../src/sync/scope.ts';
import type { SidecarStore } from '../../src/sync/sidecar-store.ts';
import type { Vouching } from '../../src/sync/vouching.ts';
import { directConnection } from './direct-connection.ts';
import type { Network } from './direct-connection.ts';
import { MemoryStore } from './memory-store.ts';

export interface TestControl {
  readonly hub: Hub;
  readonly followers: Followers;
  readonly store: SidecarStore;
  readonly receipts: StoredReceipts;
  readonly faults: string[];
  token(scope?: Scope, mostUses?: number): Promise<string>;
  close(): Promise<void>;
}

interface Time {
  readonly clock?: Clock;
  readonly timers?: Timers;
}

export async function startControl(
  log: ResourceLog,
  {
    store = new MemoryStore(),
    vouching,
    clock = systemClock,
    timers = systemTimers,
  }: { store?: SidecarStore; vouching?: Vouching } & Time = {},
): Promise<TestControl> {
  const faults: string[] = [];
  const ports = { clock, timers, random: Math.random, onFault: (detail: string) => void faults.push(detail) };
  const hub = await Hub.open({ log, ...ports });
  const followers = new Followers({ hub, store, instance: randomBytes(4).toString('hex'), ...ports, vouching });
  const receipts = new StoredReceipts({ log, store, presence: followers.presence, clock, timers });
  return {
    hub,
    followers,
    store,
    receipts,
    faults,
    async token(scope = EVERYTHING, mostUses = 0) {
      const token = randomBytes(32).toString('base64url');
      const now = clock.now();
      await store.addToken({
        hash: secretHash(token),
        name: 'test',
        scope,
        createdAt: now,
        expiresAt: now + 3_600_000,
        mostUses,
      });
      return token;
    },
    async close() {
      await followers.close();
      hub.close();
    },
  };
}

export interface TestSidecarOptions extends Time {
  readonly node?: string;
  /** A function is asked each time, as a file is read. */
  readonly token?: string | (() => string);
  readonly network?: Network;
  readonly folder?: string | undefined;
  readonly key?: Buffer;
  /** What becomes of documents; default: they are in force. */
  readonly judge?: (documents: ReadonlyMap<string, unknown>) => string | undefined;
  readonly relay?: Relay;
  /** More than this is not taken. */
  readonly mostBytes?: number;
  readonly maxStaleMs?: () => number;
  readonly connect?: () => Promise<ControlConnection>;
}

/** A sidecar that enforces documents by noting them down. */
export class TestSidecar {
  /** What is in force. */
  documents: ReadonlyMap<string, unknown> = new Map();
  /** How often documents were delivered, and whether whole. */
  readonly deliveries: ('complete' | 'change')[] = [];
  readonly said: string[] = [];
  revision = 0;
  /** How often everything was sent. */
  snapshots = 0;
  readonly source: ControlSource;
  /** Its token is another one now. */
  renew = (): void => {};
  #latest = new Map<string, unknown>();
  readonly #opened: Promise<Outcome>;
  readonly #listeners = new Set<() => void>();

  constructor(control: () => TestControl | undefined, options: TestSidecarOptions = {}) {
    const { node = 'one', token = '', folder, network, key, clock = systemClock, timers = systemTimers } = options;
    const { mostBytes = 1024 * 1024 } = options;
    const access = systemFiles;
    const userId = process.getuid?.();
    const cache = folder === undefined ? undefined : new CacheFile({ folder, key, access, userId });
    const direct = async (): Promise<ControlConnection> =>
      directConnection(() => control()?.followers.methods() ?? [], {
        ...network,
        down: (message) => this.#down(message, network),
      });
    this.source = new ControlSource(
      { addresses: ['direct'] },
      {
        clock,
        cache,
        relay: options.relay,
        readFile: () => Promise.reject(new Error('no files')),
        events: { cacheFault: (detail) => this.#say(`cache: ${detail}`) },
        follow: (followed) => {
          const follower = new Follower(
            { node, version: 'test', labels: {}, addresses: ['direct'], mostBytes },
            {
              connect: options.connect ?? direct,
              credentials: new CredentialFile({ folder, access, userId }),
              joinToken: async () => (typeof token === 'string' ? token : token()),
              replica: followed.replica,
              enforce: (changed) => followed.enforce(changed),
              enforcedRevision: followed.enforcedRevision,
              maxStaleMs: () => options.maxStaleMs?.() ?? 0,
              lacksSecrets: followed.lacksSecrets,
              clock,
              timers,
              random: Math.random,
              events: this.#events(() => followed.heard()),
            },
          );
          this.renew = () => follower.renew();
          follower.start();
          return follower;
        },
      },
    );
    this.#opened = this.source.open((delivery) => this.#take(delivery, options.judge));
  }

  get names(): readonly string[] {
    return [...this.documents.keys()].toSorted();
  }

  opened(): Promise<Outcome> {
    return this.#opened;
  }

  close(): Promise<void> {
    return this.source.close();
  }

  /** Resolves once it holds, which it may do already. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#listeners.add(resolve);
      await promise;
      this.#listeners.delete(resolve);
    }
  }

  async #take({ set }: Delivery, judge: TestSidecarOptions['judge']): Promise<Outcome> {
    this.deliveries.push(set.complete ? 'complete' : 'change');
    if (set.complete) this.#latest = new Map();
    else for (const { kind, name } of set.removals) this.#latest.delete(`${kind} ${name}`);
    for (const { document } of set.complete ? set.documents : set.upserts) {
      const { kind, metadata } = document;
      const name = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
      this.#latest.set(`${kind} ${name}`, document.spec);
    }
    const problem = judge?.(this.#latest);
    if (problem !== undefined)
      return {
        result: 'faulty',
        faults: [{ file: 'test', line: 0, column: 0, field: '', message: problem }],
        isInForce: false,
      };
    this.documents = new Map(this.#latest);
    this.#changed();
    return { result: 'in_force', version: String(this.deliveries.length) };
  }

  #down(message: Uint8Array, network: Network | undefined): readonly Uint8Array[] {
    const { message: told } = fromBinary(FollowResponseSchema, message);
    if (told.case === 'update' && told.value.snapshot) this.snapshots += 1;
    return network?.down?.(message) ?? [message];
  }

  #events(heard: () => void): FollowerEvents {
    return {
      connected: () => this.#say('connected'),
      disconnected: (_, why) => this.#say(`disconnected: ${why}`),
      joined: () => this.#say('joined'),
      heard,
      unknownHistory: () => this.#say('unknown history'),
      diverged: () => this.#say('diverged'),
      inForce: ({ revision }) => {
        this.revision = revision;
        this.#changed();
      },
      rejected: ({ revision }, faults) => this.#say(`rejected ${revision}: ${faults[0]?.message}`),
      cacheFault: (detail) => this.#say(`cache: ${detail}`),
    };
  }

  #say(line: string): void {
    this.said.push(line);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
