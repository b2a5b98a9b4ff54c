import type { Timers } from '../clock.ts';
import { spreadMs } from '../backoff.ts';
import type { Cluster } from '../kubernetes/connection.ts';
import { typesOf } from '../kubernetes/discovery.ts';
import { Informer } from '../kubernetes/informer.ts';
import type { InformerPorts, InformerState, InformerTimes } from '../kubernetes/informer.ts';
import { SERVICES } from '../kubernetes/resource-type.ts';
import type { ResourceType } from '../kubernetes/resource-type.ts';
import type { ObjectKey } from './object-key.ts';

export interface TargetsOptions {
  readonly cluster: Pick<Cluster, 'list' | 'watch' | 'ask'>;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly believe: () => Promise<void>;
  /** One has come or gone. */
  readonly onChange: (key: ObjectKey) => void;
  /** All of a kind are known now. */
  readonly onSynced: (kind: string) => void;
  readonly onState: (what: string, state: InformerState) => void;
  readonly times?: Partial<InformerTimes>;
}

export interface TargetsPorts extends InformerPorts {
  readonly timers: Timers;
}

const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const GATEWAY_KINDS = ['Gateway', 'HTTPRoute', 'GRPCRoute'];
/** How often a cluster without Gateway API is asked whether it has it now. */
const AGAIN_MS = 60_000;

/** What APIs can be bound to, by name alone: of thousands of Services nothing else is kept. */
export class Targets {
  readonly #options: TargetsOptions;
  readonly #ports: TargetsPorts;
  readonly #informers = new Map<string, readonly Informer<true>[]>();
  /** Whether the cluster has said that it has no Gateway API. */
  #isWithoutGateways = false;
  #isClosed = false;
  #cancel = (): void => {};

  constructor(options: TargetsOptions, ports: TargetsPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  start(): void {
    this.#follow(SERVICES);
    void this.#discover();
  }

  /** @returns undefined: not known yet */
  has({ kind, namespace, name }: ObjectKey): boolean | undefined {
    const informers = this.#informers.get(kind);
    if (informers === undefined) return undefined;
    if (informers.some(({ objects }) => objects.has(`${namespace}/${name}`))) return true;
    return informers.every(({ state }) => state.isSynced) ? false : undefined;
  }

  /** Whether the cluster has no such kind. */
  isUnknown(kind: string): boolean {
    return this.#isWithoutGateways && GATEWAY_KINDS.includes(kind) && !this.#informers.has(kind);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await Promise.all([...this.#informers.values()].flat().map((informer) => informer.close()));
  }

  async #discover(): Promise<void> {
    const wanted = GATEWAY_KINDS.filter((kind) => !this.#informers.has(kind));
    try {
      const types = await typesOf(this.#options.cluster, GATEWAY_API);
      if (this.#isClosed) return;
      for (const type of types) if (wanted.includes(type.kind)) this.#follow(type);
      const wasWithout = this.#isWithoutGateways;
      this.#isWithoutGateways = wanted.some((kind) => !this.#informers.has(kind));
      if (wasWithout !== this.#isWithoutGateways) for (const kind of wanted) this.#options.onSynced(kind);
    } catch {
      // It is asked again, and what is not known counts neither as there nor as missing.
    }
    if (this.#isClosed || !GATEWAY_KINDS.some((kind) => !this.#informers.has(kind))) return;
    const { timers, random } = this.#ports;
    this.#cancel = timers.after(spreadMs(AGAIN_MS, random()), () => void this.#discover());
  }

  #follow(type: ResourceType): void {
    const { cluster, namespaces, believe, onChange, onSynced, onState, times } = this.#options;
    const { kind } = type;
    const followed = namespaces.length === 0 ? [undefined] : namespaces;
    const informers: readonly Informer<true>[] = followed.map(
      (namespace) =>
        new Informer<true>(
          {
            cluster,
            type,
            namespace,
            believe,
            isMetadataOnly: true,
            keep: () => true,
            onChange({ name, before, after }) {
              if (before !== after) onChange({ kind, namespace: name.namespace ?? '', name: name.name });
            },
            onSynced: () => onSynced(kind),
            onState: (state) => onState(type.plural, state),
            ...(times !== undefined && { times }),
          },
          this.#ports,
        ),
    );
    this.#informers.set(kind, informers);
    for (const informer of informers) informer.start();
  }
}
