import { backoffMs } from '../backoff.ts';
import type { Clock, Timers } from '../clock.ts';
import type { ObjectKind } from '../crd/kinds.ts';
import type { Cluster } from '../kubernetes/connection.ts';
import { KubernetesFault } from '../kubernetes/fault.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { isLater } from '../kubernetes/resource-version.ts';
import { keyText } from '../registry/conflict.ts';
import type { SidecarRecord } from '../sync/sidecar-store.ts';
import { objectKeyFrom, objectText } from './object-key.ts';
import type { ObjectKey } from './object-key.ts';
import { typeOfKind } from './objects.ts';
import type { Objects } from './objects.ts';
import { Standings } from './standings.ts';
import type { IsSent } from './standings.ts';
import { differenceOf, programmingOf, statusOf } from './status.ts';
import { statusIn, wasProgrammed } from './posted.ts';
import type { Posted } from './posted.ts';
import type { ObjectStatus, Programming } from './status.ts';
import type { Judgement } from './verdict.ts';

export interface StatusBoardPorts {
  readonly cluster: Pick<Cluster, 'applyStatus'>;
  readonly objects: Pick<Objects, 'get'>;
  readonly sidecars: {
    /** @throws DatabaseFault (rejects with it) */
    list(): Promise<readonly SidecarRecord[]>;
    readonly isSent: IsSent;
    /** Called when sidecars have acknowledged something. @returns what ends it */
    readonly onStored: (listener: () => void) => () => void;
  };
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  mayWrite(): boolean;
  /** What else an object of this kind depends on, and says. */
  readonly also: (
    key: ObjectKey,
    own: Programming,
  ) => { readonly programming: Programming; readonly more: ObjectStatus };
  /** A condition is another one than before. */
  onTransition(object: KubernetesObject, status: ObjectStatus, before: ObjectStatus): void;
  onFault(error: unknown): void;
}

/** What has changed is told once sidecars have acknowledged it, or after so long. */
const SETTLES_MS = 2000;
/** A sidecar that has just come has not acknowledged anything yet, and is no news. */
const COMES_MS = 10_000;
/** Numbers alone are written so often at most. */
const NUMBERS_MS = 60_000;
/** How often sidecars are looked at while some are waited for, and while none is. */
const BUSY_MS = 150;
const QUIET_MS = 2000;
const MOST_AT_ONCE = 8;
const BACKOFF = { firstMs: 500, longestMs: 30_000 };

/** Writes the status of objects: once for each change, and only where it says something new. */
export class StatusBoard {
  readonly #ports: StatusBoardPorts;
  readonly #posted = new Map<string, Posted>();
  /** Objects whose status may not be what it should be. */
  readonly #open = new Set<string>();
  /** Objects of which the numbers alone are other ones, and were written lately. */
  readonly #later = new Set<string>();
  #standings: Standings | undefined;
  #cancel = (): void => {};
  #turning: Promise<void> | undefined;
  #isAgain = false;
  #failures = 0;
  #pausedUntil = -Infinity;
  #isClosed = false;
  readonly #stopListening: () => void;

  constructor(ports: StatusBoardPorts) {
    this.#ports = ports;
    this.#stopListening = ports.sidecars.onStored(() => this.#wake());
    this.#wake();
  }

  /** Status writes that are due or under way. */
  get open(): number {
    return this.#open.size;
  }

  programmingOf(key: ObjectKey): Programming | undefined {
    const posted = this.#posted.get(objectText(key));
    return posted === undefined ? undefined : this.#programming(posted.judgement);
  }

  judged(key: ObjectKey, judgement: Judgement | undefined): void {
    const text = objectText(key);
    const object = this.#ports.objects.get(key);
    if (judgement === undefined || object === undefined) {
      for (const texts of [this.#posted, this.#open, this.#later]) texts.delete(text);
      return;
    }
    const posted = this.#posted.get(text);
    if (posted === undefined) {
      const { resourceVersion: version } = object.metadata;
      const status = statusIn(object);
      this.#posted.set(text, { judgement, status, version, waitsSince: undefined, writtenAt: -Infinity });
    } else posted.judgement = judgement;
    this.#open.add(text);
    this.#wake();
  }

  /** Others may have written the status, or we. */
  seen(key: ObjectKey, object: KubernetesObject): void {
    const text = objectText(key);
    const posted = this.#posted.get(text);
    if (posted === undefined || !isLater(object.metadata.resourceVersion, posted.version)) return;
    posted.version = object.metadata.resourceVersion;
    posted.status = statusIn(object);
    this.#open.add(text);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    this.#cancel();
    await this.#turning;
  }

  #wake(): void {
    if (this.#isClosed) return;
    this.#isAgain = true;
    this.#turning ??= this.#turn().finally(() => {
      this.#turning = undefined;
      if (this.#isClosed) return;
      this.#cancel = this.#ports.timers.after(this.#open.size > 0 ? BUSY_MS : QUIET_MS, () => this.#wake());
    });
    this.#cancel();
  }

  async #turn(): Promise<void> {
    while (this.#isAgain && !this.#isClosed) {
      this.#isAgain = false;
      try {
        await this.#lookAtSidecars();
      } catch (error) {
        this.#ports.onFault(error);
        return;
      }
      if (this.#ports.clock.monotonic() < this.#pausedUntil) return;
      const due = [...this.#open].filter((text) => this.#isDue(text));
      for (let at = 0; at < due.length && !this.#isClosed; at += MOST_AT_ONCE) {
        await Promise.all(due.slice(at, at + MOST_AT_ONCE).map((text) => this.#write(text)));
        if (this.#failures > 0) break;
      }
    }
  }

  /** A server that refuses or is away is not asked again for each object. */
  #failed(error: unknown): void {
    this.#failures += 1;
    const { clock, random } = this.#ports;
    this.#pausedUntil = clock.monotonic() + backoffMs(this.#failures, BACKOFF, random());
    this.#ports.onFault(error);
  }

  async #lookAtSidecars(): Promise<void> {
    const { sidecars, clock } = this.#ports;
    const standings = new Standings(await sidecars.list(), clock.now(), sidecars.isSent);
    if (standings.text !== this.#standings?.text) for (const text of this.#posted.keys()) this.#open.add(text);
    this.#standings = standings;
    const bound = clock.monotonic() - NUMBERS_MS;
    for (const text of this.#later) {
      if ((this.#posted.get(text)?.writtenAt ?? bound) > bound) continue;
      this.#later.delete(text);
      this.#open.add(text);
    }
  }

  #programming({ resource, ...judgement }: Judgement): Programming {
    const standing = resource && this.#standings?.of(resource, resource.revision, keyText(resource));
    return programmingOf(judgement, standing);
  }

  #wanted(key: ObjectKey, posted: Posted): { readonly status: ObjectStatus; readonly isUnderWay: boolean } {
    const { also, clock } = this.#ports;
    const { programming, more } = also(key, this.#programming(posted.judgement));
    const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const kind = key.kind as ObjectKind;
    return {
      status: statusOf(kind, posted.judgement, programming, posted.status, now, more),
      isUnderWay: programming.isUnderWay,
    };
  }

  /** Whether it is to be written now. What is as it should be is not looked at again before something changes. */
  #isDue(text: string): boolean {
    const posted = this.#posted.get(text);
    if (posted === undefined || this.#standings === undefined) return false;
    const { status, isUnderWay } = this.#wanted(objectKeyFrom(text), posted);
    const now = this.#ports.clock.monotonic();
    const difference = differenceOf(posted.status, status);
    if (!isUnderWay) posted.waitsSince = undefined;
    if (difference === 'none') {
      if (!isUnderWay) this.#open.delete(text);
      return false;
    }
    if (isUnderWay) {
      posted.waitsSince ??= now;
      const isNew = posted.status.observedGeneration !== status.observedGeneration;
      if (now - posted.waitsSince < (isNew || !wasProgrammed(posted.status) ? SETTLES_MS : COMES_MS)) return false;
    }
    if (difference === 'conditions' || now - posted.writtenAt >= NUMBERS_MS) return true;
    this.#open.delete(text);
    this.#later.add(text);
    return false;
  }

  async #write(text: string): Promise<void> {
    const key = objectKeyFrom(text);
    const posted = this.#posted.get(text);
    const object = this.#ports.objects.get(key);
    if (posted === undefined || object === undefined || !this.#ports.mayWrite()) return;
    const { status } = this.#wanted(key, posted);
    const before = posted.status;
    const { apiVersion, kind, metadata } = object;
    const { namespace = '', name } = metadata;
    try {
      const applied = await this.#ports.cluster.applyStatus(
        typeOfKind(kind as ObjectKind),
        { apiVersion, kind, metadata: { namespace, name }, status },
        { isForced: true },
      );
      posted.writtenAt = this.#ports.clock.monotonic();
      this.#failures = 0;
      if (isLater(applied.metadata.resourceVersion, posted.version)) {
        posted.version = applied.metadata.resourceVersion;
        posted.status = statusIn(applied);
      }
      this.#ports.onTransition(object, status, before);
    } catch (error) {
      // It is gone meanwhile.
      if (error instanceof KubernetesFault && error.status === 404) this.#open.delete(text);
      else this.#failed(error);
    }
  }
}
