import { spreadMs } from '../backoff.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Cluster } from './connection.ts';
import { KubernetesFault } from './fault.ts';
import type { KubernetesObject } from './object.ts';
import { LEASES } from './resource-type.ts';

export interface LeaseElectionOptions {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'replace'>;
  /** The Lease: all who stand for one office name the same. */
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Whose it is, such as the pod's name with something drawn: nobody else has the same. */
  readonly identity: string;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  onElected(): void;
  /** It is over: another process may be elected by now. */
  onLost(): void;
  /** The Lease could not be read or written; undefined: it can again. */
  onFault(fault: KubernetesFault | undefined): void;
  readonly times?: LeaseTimes;
}

export interface LeaseTimes {
  /** A holder that has not renewed it for so long holds it no more, as others see it. */
  readonly durationMs: number;
  /** A holder that could not renew it for so long gives up, well before others may be elected. */
  readonly renewWithinMs: number;
  /** How often it is renewed, and how often others look. */
  readonly everyMs: number;
}

const TIMES: LeaseTimes = { durationMs: 15_000, renewWithinMs: 10_000, everyMs: 2000 };

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/**
 * Of all processes that stand for an office, at most one is elected: it renews a Lease. Others take it over when it was not
 * renewed for its duration, as their own monotonic clocks measure it: clocks need not agree. What was measured before a
 * machine stood still counts too, so ask {@link isElected} right before anything is written.
 */
export class LeaseElection {
  readonly #options: LeaseElectionOptions;
  readonly #times: LeaseTimes;
  /** What was seen of another's, and since when it has not changed, in monotonic milliseconds. */
  #seen: { readonly version: string; readonly since: number } | undefined;
  /** When the renewal began that holds now, in monotonic milliseconds; undefined: not elected. */
  #renewedAt: number | undefined;
  #isFaulty = false;
  #isClosed = false;
  #cancel = (): void => {};
  #cancelLoss = (): void => {};
  #turning: Promise<void>;

  constructor(options: LeaseElectionOptions) {
    this.#options = options;
    this.#times = options.times ?? TIMES;
    this.#turning = this.#turn();
  }

  /** Whether this process holds the office at this moment. */
  get isElected(): boolean {
    const { clock } = this.#options;
    return this.#renewedAt !== undefined && clock.monotonic() - this.#renewedAt < this.#times.renewWithinMs;
  }

  /** Ends it, and lets another be elected at once. Calls nobody back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    this.#cancelLoss();
    await this.#turning;
    const held = this.#renewedAt !== undefined;
    this.#renewedAt = undefined;
    if (held) await this.#release().catch(() => {});
  }

  async #turn(): Promise<void> {
    const { timers, random } = this.#options;
    try {
      await this.#stand();
      this.#tell(undefined);
    } catch (error) {
      this.#tell(error instanceof KubernetesFault ? error : new KubernetesFault(String(error), {}, { cause: error }));
    }
    if (this.#isClosed) return;
    this.#cancel = timers.after(spreadMs(this.#times.everyMs, random()), () => {
      this.#turning = this.#turn();
    });
  }

  async #stand(): Promise<void> {
    const { cluster, lease, clock, identity } = this.#options;
    const began = clock.monotonic();
    const found = await cluster.get(LEASES, lease);
    if (this.#isClosed) return;
    if (found === undefined) {
      await this.#written(cluster.create(LEASES, this.#object(undefined, began)), began);
      return;
    }
    const { holderIdentity = '' } = specOf(found);
    if (holderIdentity !== identity && holderIdentity !== '' && !this.#isOver(found)) {
      this.#lose();
      return;
    }
    await this.#written(cluster.replace(LEASES, this.#object(found, began)), began);
  }

  /** Whether nobody has renewed it for its duration. */
  #isOver(found: KubernetesObject): boolean {
    const now = this.#options.clock.monotonic();
    const version = found.metadata.resourceVersion ?? '';
    if (this.#seen?.version !== version) this.#seen = { version, since: now };
    const durationMs = (specOf(found).leaseDurationSeconds ?? this.#times.durationMs / 1000) * 1000;
    return now - this.#seen.since >= durationMs;
  }

  async #written(writing: Promise<KubernetesObject>, began: number): Promise<void> {
    try {
      await writing;
    } catch (error) {
      // Somebody else was faster.
      if (error instanceof KubernetesFault && error.status === 409) {
        this.#lose();
        return;
      }
      throw error;
    }
    if (this.#isClosed) {
      this.#renewedAt = began;
      return;
    }
    const isNew = this.#renewedAt === undefined;
    this.#renewedAt = began;
    this.#cancelLoss();
    const leftMs = this.#times.renewWithinMs - (this.#options.clock.monotonic() - began);
    this.#cancelLoss = this.#options.timers.after(leftMs, () => this.#lose());
    if (isNew) this.#options.onElected();
  }

  #lose(): void {
    this.#cancelLoss();
    if (this.#renewedAt === undefined) return;
    this.#renewedAt = undefined;
    if (!this.#isClosed) this.#options.onLost();
  }

  async #release(): Promise<void> {
    const { cluster, lease, identity } = this.#options;
    const found = await cluster.get(LEASES, lease);
    if (found === undefined || specOf(found).holderIdentity !== identity) return;
    const spec = { ...specOf(found), holderIdentity: '', leaseDurationSeconds: 1 };
    await cluster.replace(LEASES, { ...found, spec });
  }

  /** @param began monotonic */
  #object(found: KubernetesObject | undefined, began: number): KubernetesObject {
    const { clock, identity, lease } = this.#options;
    const before = found === undefined ? {} : specOf(found);
    const now = microTime(clock.now() - (clock.monotonic() - began));
    const isOwn = before.holderIdentity === identity;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: found?.metadata ?? lease,
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(this.#times.durationMs / 1000),
        acquireTime: isOwn ? (before.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: (before.leaseTransitions ?? 0) + (isOwn || found === undefined ? 0 : 1),
      },
    };
  }

  #tell(fault: KubernetesFault | undefined): void {
    if (this.#isClosed || (fault === undefined && !this.#isFaulty)) return;
    this.#isFaulty = fault !== undefined;
    this.#options.onFault(fault);
  }
}

function specOf(lease: KubernetesObject): LeaseSpec {
  return Object(lease['spec']) as LeaseSpec;
}

/** As Kubernetes writes a MicroTime. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
