import type { Clock, Timers } from '../clock.ts';
import type { ObjectKind } from '../crd/kinds.ts';
import type { Cluster } from '../kubernetes/connection.ts';
import type { InformerState, InformerTimes } from '../kubernetes/informer.ts';
import type { ObjectChange } from '../kubernetes/known.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { Bindings } from './bindings.ts';
import { Recorder } from './events.ts';
import { concernedByGrants } from './granted.ts';
import { Looking } from './looking.ts';
import { objectText } from './object-key.ts';
import type { ObjectKey } from './object-key.ts';
import { isSameButStatus, Objects } from './objects.ts';
import { Reconciler } from './reconciler.ts';
import type { Resources } from './resources.ts';
import { SecretFollower } from './secret-follower.ts';
import { StatusBoard } from './status-board.ts';
import type { StatusBoardPorts } from './status-board.ts';
import type { ObjectStatus } from './status.ts';
import { Targets } from './targets.ts';
import { Tellings } from './tellings.ts';
import type { Tell } from './tellings.ts';

export interface ControllerOptions {
  /** Of `--cluster-name`; undefined: namespaces are called as they are in the cluster. */
  readonly clusterName: string | undefined;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  /** Which of several controllers, for people. */
  readonly instance: string;
  readonly times?: Partial<InformerTimes>;
}

export interface ControllerPorts {
  readonly cluster: Cluster;
  readonly resources: Resources;
  readonly sidecars: StatusBoardPorts['sidecars'];
  /** Whether the cluster is the one that the log knows. Rejects where it is another one, or can't be asked. */
  readonly believe: () => Promise<void>;
  /** Whether this process leads: asked right before each write. */
  readonly mayWrite: () => boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly randomBytes: (count: number) => Buffer;
  /** For the log. */
  readonly tell: Tell;
}

/** How often the log is compared with what was written: others may have changed it. */
const COMPARE_MS = 5000;

/** Makes resources of the objects of a cluster, and tells in their status what became of them. One leads at a time. */
export class Controller {
  readonly #ports: ControllerPorts;
  readonly #objects: Objects;
  readonly #secrets: SecretFollower;
  readonly #looking: Looking;
  readonly #reconciler: Reconciler;
  readonly #board: StatusBoard;
  readonly #recorder: Recorder;
  readonly #targets: Targets;
  readonly #bindings: Bindings;
  /** What has changed before the first object may be looked at. */
  readonly #early = new Map<string, ObjectKey>();
  readonly #tellings: Tellings;
  #hasRead = false;
  #isSwept = false;
  #cancel = (): void => {};
  #isClosed = false;

  constructor(options: ControllerOptions, ports: ControllerPorts) {
    this.#ports = ports;
    this.#tellings = new Tellings((level, detail) => {
      if (!this.#isClosed) ports.tell(level, detail);
    });
    const { cluster, believe, clock, timers, random, resources, sidecars, mayWrite } = ports;
    const following = {
      cluster,
      namespaces: options.namespaces,
      believe,
      onState: (what: string, state: InformerState) => this.#tellings.followed(what, state),
      ...(options.times !== undefined && { times: options.times }),
    };
    const informers = { clock, timers, random };
    this.#objects = new Objects(
      {
        ...following,
        onChange: (key, change) => this.#changed(key, change),
        onSynced: (kind) => this.#synced(kind),
      },
      informers,
    );
    this.#secrets = new SecretFollower(
      { ...following, onChange: (secret) => this.#addAll(this.#looking.usersOf(secret)) },
      informers,
    );
    this.#targets = new Targets(
      {
        ...following,
        onChange: (key) => this.#addAll(this.#bindings.boundTo(key)),
        onSynced: (kind) => this.#addAll(this.#bindings.boundTo({ kind })),
      },
      informers,
    );
    this.#bindings = new Bindings({ objects: this.#objects, targets: this.#targets });
    this.#looking = new Looking({
      cluster: options.clusterName,
      objects: this.#objects,
      resources,
      readSecret: (namespace, name) => this.#secrets.read(namespace, name),
      bind: (object) => this.#bindings.judge(object),
      onHeld: (key, message) => this.#held(key, message),
      onWithdrawn: (key) => this.#add(key),
    });
    this.#reconciler = new Reconciler({
      timers,
      random,
      mayWrite,
      look: (keys) => this.#looking.look(keys),
      revision: () => resources.revision(),
      onJudged: (key, judgement) => {
        this.#board.judged(key, judgement);
        this.#addAll(this.#bindings.concernedBy(key));
      },
      onIdle: () => void this.#idle(),
      onFault: (error) => this.#tellings.fault('objects are not taken over', error),
    });
    this.#recorder = new Recorder({ cluster, clock, instance: options.instance, randomBytes: ports.randomBytes });
    this.#board = new StatusBoard({
      cluster,
      objects: this.#objects,
      sidecars,
      clock,
      timers,
      random,
      mayWrite,
      also: (key, own) => this.#bindings.also(key, own, (api) => this.#board.programmingOf(api)),
      onTransition: (object, status, before) => this.#transition(object, status, before),
      onFault: (error) => this.#tellings.fault('statuses are not written', error),
    });
  }

  start(): void {
    this.#objects.start();
    this.#secrets.start();
    this.#targets.start();
    void this.#compare();
  }

  /** Objects and statuses that are not yet as they should be. */
  get open(): number {
    return this.#early.size + this.#reconciler.size + this.#board.open;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    const parts = [this.#objects, this.#secrets, this.#targets, this.#reconciler, this.#board];
    await Promise.all(parts.map((part) => part.close()));
  }

  /** What grants let in is part of what is made of an object, so nothing is made before they are known. */
  get #isReady(): boolean {
    return this.#hasRead && this.#objects.isSynced('AccessGrant');
  }

  #changed(key: ObjectKey, { before, after }: ObjectChange<KubernetesObject>): void {
    if (after !== undefined) this.#board.seen(key, after);
    if (before !== undefined && after !== undefined && isSameButStatus(before, after)) return;
    this.#add(key);
    if (key.kind === 'AccessGrant') this.#addAll(concernedByGrants(key.namespace, this.#objects));
  }

  #addAll(keys: Iterable<ObjectKey>): void {
    for (const key of keys) this.#add(key);
  }

  #add(key: ObjectKey): void {
    if (this.#isClosed) return;
    if (this.#isReady) this.#reconciler.add(key);
    else this.#early.set(objectText(key), key);
  }

  #synced(kind: ObjectKind): void {
    for (const key of this.#looking.own.objects()) if (key.kind === kind) this.#addOwn(key);
    this.#begin();
  }

  /** Of what the log has: looked at once all objects of its kind are known, and only where they are followed. */
  #addOwn(key: ObjectKey): void {
    if (this.#objects.isSynced(key.kind as ObjectKind) && this.#objects.isFollowed(key.namespace)) this.#add(key);
  }

  #begin(): void {
    if (!this.#isReady) return;
    const early = [...this.#early.values()];
    this.#early.clear();
    for (const key of early) this.#reconciler.add(key);
    if (early.length === 0) void this.#idle();
  }

  async #compare(): Promise<void> {
    try {
      const changed = await this.#looking.own.read();
      const isFirst = !this.#hasRead;
      this.#hasRead = true;
      for (const key of changed) if (key.kind !== 'Secret') this.#addOwn(key);
      if (isFirst) this.#begin();
      await this.#reconciler.look();
      this.#tellings.fault('the log is not read', undefined);
    } catch (error) {
      this.#tellings.fault('the log is not read', error);
    }
    if (this.#isClosed) return;
    this.#cancel = this.#ports.timers.after(COMPARE_MS, () => void this.#compare());
  }

  /** Documents of Secrets that nobody reads go once every object was looked at. */
  async #idle(): Promise<void> {
    const kinds = ['Api', 'PolicyBinding'] as const;
    if (this.#isSwept || !this.#isReady || this.#reconciler.size > 0) return;
    if (!kinds.every((kind) => this.#objects.isSynced(kind))) return;
    this.#isSwept = true;
    await this.#looking.sweep().catch((error: unknown) => {
      this.#isSwept = false;
      this.#tellings.fault('documents of Secrets are not removed', error);
    });
  }

  #held(key: ObjectKey, message: string): void {
    this.#tellings.once(
      `held ${objectText(key)}`,
      message,
      'warn',
      `${objectText(key)} is deleted, and stays enforced: ${message}`,
    );
  }

  #transition(object: KubernetesObject, status: ObjectStatus, before: ObjectStatus): void {
    for (const { type, status: now, reason, message } of status.conditions ?? []) {
      const earlier = before.conditions?.find((each) => each.type === type);
      if (earlier?.status === now && earlier.reason === reason) continue;
      // What is as it should be from the start, and what is under way, is no news.
      if ((now === 'True' && type !== 'Programmed') || reason === 'Pending' || reason === 'NotAccepted') continue;
      void this.#recorder.tell(object, now === 'True' ? 'Normal' : 'Warning', reason, message);
    }
  }
}
