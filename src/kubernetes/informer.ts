import { backoffMs, spreadMs } from '../backoff.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Cluster, Selection } from './connection.ts';
import { KubernetesFault } from './fault.ts';
import { Known } from './known.ts';
import type { ObjectChange } from './known.ts';
import type { KubernetesObject } from './object.ts';
import type { ResourceType } from './resource-type.ts';
import { laterOf } from './resource-version.ts';

/** How an informer does. */
export interface InformerState {
  /** All objects were known once; since then they are those of the last moment at which the server answered. */
  readonly isSynced: boolean;
  /** Why nothing is heard of the server now; undefined: it is followed. */
  readonly fault: KubernetesFault | undefined;
  /** Complete lists so far. */
  readonly lists: number;
  /** Watches that the server accepted so far. */
  readonly watches: number;
}

export interface InformerOptions<Kept> extends Selection {
  readonly cluster: Pick<Cluster, 'list' | 'watch'>;
  readonly type: ResourceType;
  /** What is kept of an object in memory. */
  keep(object: KubernetesObject): Kept;
  readonly isMetadataOnly?: boolean;
  /** Whether what the server says may be believed, asked before each list counts. @throws KubernetesFault: not now */
  readonly believe?: () => Promise<void>;
  /** Each change, in order, and none twice. */
  onChange(change: ObjectChange<Kept>): void;
  /** The first list is complete: what is known is all there is. */
  onSynced?(): void;
  /** Another fault, or none any more. */
  onState?(state: InformerState): void;
  readonly times?: Partial<InformerTimes>;
}

export interface InformerPorts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export interface InformerTimes {
  /** The server ends a watch after a time between half of this and all of it. */
  readonly watchMs: number;
  /** A watch in which nothing came for so long is opened anew: a server sends bookmarks every minute. */
  readonly idleMs: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

const TIMES: InformerTimes = { watchMs: 600_000, idleMs: 150_000, firstPauseMs: 500, longestPauseMs: 30_000 };

/** So many watches that the server refuses in a row, and all is listed anew: it may have come back from a backup. */
const MOST_REFUSALS = 5;

/**
 * Knows all objects of a type and tells of each change. It lists them once, and watches from there on. A watch that ends goes on
 * where it ended. If the server no longer has the changes since, all is listed anew and compared with what is known. It takes
 * an object for deleted where the server says so, or where a complete list does not have it; never because of a failure.
 */
export class Informer<Kept> {
  readonly #options: InformerOptions<Kept>;
  readonly #ports: InformerPorts;
  readonly #times: InformerTimes;
  readonly #known: Known<Kept>;
  readonly #closed = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #state: InformerState = { isSynced: false, fault: undefined, lists: 0, watches: 0 };
  /** Where the next watch begins; undefined: all is listed first. */
  #from: string | undefined;
  #failures = 0;
  #running: Promise<void> | undefined;

  constructor(options: InformerOptions<Kept>, ports: InformerPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#times = { ...TIMES, ...options.times };
    this.#known = new Known((object) => options.keep(object));
  }

  get type(): ResourceType {
    return this.#options.type;
  }

  get state(): InformerState {
    return this.#state;
  }

  /** By `namespace/name`. */
  get objects(): ReadonlyMap<string, Kept> {
    return this.#known.kept;
  }

  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  /** Resolves with the first complete list. */
  synced(): Promise<void> {
    return this.#synced.promise;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const began = this.#ports.clock.monotonic();
      try {
        this.#from ??= await this.#list();
        await this.#watch(this.#from);
        // The server has ended it, as it was asked to. One that ends all at once is not asked again and again.
        if (this.#ports.clock.monotonic() - began > this.#times.firstPauseMs) this.#failures = 0;
        else this.#failures += 1;
      } catch (error) {
        if (signal.aborted) return;
        this.#fail(error instanceof KubernetesFault ? error : new KubernetesFault(String(error), {}, { cause: error }));
      }
      if (this.#failures > 0) await this.#pause();
    }
  }

  #fail(fault: KubernetesFault): void {
    this.#failures += 1;
    const isLost = fault.isExpired || fault.reason === 'ResourceVersionTooLarge';
    // Of a stream that merely broke, nothing is lost.
    if (isLost || (fault.status > 0 && this.#failures >= MOST_REFUSALS)) this.#from = undefined;
    if (!fault.isExpired) this.#become({ fault });
  }

  async #pause(): Promise<void> {
    const { firstPauseMs, longestPauseMs } = this.#times;
    const backoff = { firstMs: firstPauseMs, longestMs: longestPauseMs };
    const own = backoffMs(this.#failures, backoff, this.#ports.random());
    const asked = this.#state.fault?.retryAfterMs;
    await this.#sleep(asked === undefined ? own : Math.max(own, asked + spreadMs(firstPauseMs, this.#ports.random())));
  }

  /** @returns from where to watch */
  async #list(): Promise<string> {
    const { cluster, type, believe } = this.#options;
    const { objects, resourceVersion } = await cluster.list(type, this.#options);
    await believe?.();
    if (this.#closed.signal.aborted) return resourceVersion;
    for (const change of this.#known.replace(objects)) this.#options.onChange(change);
    const isFirst = !this.#state.isSynced;
    this.#become({ isSynced: true, fault: undefined, lists: this.#state.lists + 1 });
    if (isFirst) {
      this.#options.onSynced?.();
      this.#synced.resolve();
    }
    return resourceVersion;
  }

  async #watch(from: string): Promise<void> {
    const { cluster, type } = this.#options;
    const { watchMs, idleMs } = this.#times;
    const silent = new AbortController();
    let cancel = (): void => {};
    const heard = (): void => {
      cancel();
      const why = new KubernetesFault(`nothing came in a watch for ${idleMs} ms`, {});
      cancel = this.#ports.timers.after(idleMs, () => silent.abort(why));
    };
    heard();
    const signal = AbortSignal.any([this.#closed.signal, silent.signal]);
    const timeoutSeconds = Math.max(1, Math.ceil(spreadMs(watchMs, this.#ports.random()) / 1000));
    try {
      const events = cluster.watch(type, { ...this.#options, resourceVersion: from, timeoutSeconds, signal });
      for await (const { type: event, object } of events) {
        if (this.#closed.signal.aborted) return;
        heard();
        this.#failures = 0;
        if (this.#state.fault !== undefined) this.#become({ fault: undefined });
        const change = event === 'BOOKMARK' ? undefined : this.#known.take(event, object);
        this.#from = laterOf(object.metadata.resourceVersion ?? from, this.#from);
        if (change !== undefined) this.#options.onChange(change);
      }
    } finally {
      cancel();
    }
  }

  #become(change: Partial<InformerState>): void {
    const before = this.#state;
    this.#state = { ...before, ...change };
    if (before.fault?.message !== this.#state.fault?.message || before.isSynced !== this.#state.isSynced) {
      this.#options.onState?.(this.#state);
    }
  }

  async #sleep(delayMs: number): Promise<void> {
    const { signal } = this.#closed;
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    const cancel = this.#ports.timers.after(delayMs, wake);
    signal.addEventListener('abort', wake);
    await promise;
    signal.removeEventListener('abort', wake);
    cancel();
  }
}
