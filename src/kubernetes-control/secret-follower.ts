import type { Cluster } from '../kubernetes/connection.ts';
import { Informer } from '../kubernetes/informer.ts';
import type { InformerPorts, InformerState, InformerTimes } from '../kubernetes/informer.ts';
import { SECRETS } from '../kubernetes/resource-type.ts';

export interface SecretFollowerOptions {
  readonly cluster: Pick<Cluster, 'list' | 'watch' | 'get'>;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly believe: () => Promise<void>;
  /** `namespace/name` of a Secret that is new, another, or gone. */
  onChange(secret: string): void;
  onState(what: string, state: InformerState): void;
  readonly times?: Partial<InformerTimes>;
}

/** The values of a Secret, decoded, by key. */
export type SecretValues = ReadonlyMap<string, string>;

/**
 * Tells which Secrets change, of their metadata alone: a value is asked for when an object is converted that names it, and is
 * kept no longer than that.
 */
export class SecretFollower {
  readonly #options: SecretFollowerOptions;
  readonly #informers: readonly Informer<string>[];

  constructor(options: SecretFollowerOptions, ports: InformerPorts) {
    this.#options = options;
    const { cluster, namespaces, believe, times } = options;
    const followed = namespaces.length === 0 ? [undefined] : namespaces;
    this.#informers = followed.map(
      (namespace) =>
        new Informer<string>(
          {
            cluster,
            type: SECRETS,
            namespace,
            believe,
            isMetadataOnly: true,
            keep: ({ metadata }) => metadata.resourceVersion ?? '',
            onChange: ({ key }) => options.onChange(key),
            onState: (state) => options.onState(SECRETS.plural, state),
            ...(times !== undefined && { times }),
          },
          ports,
        ),
    );
  }

  start(): void {
    for (const informer of this.#informers) informer.start();
  }

  /** @returns undefined: there is none @throws KubernetesFault (rejects with it) */
  async read(namespace: string, name: string): Promise<SecretValues | undefined> {
    const secret = await this.#options.cluster.get(SECRETS, { namespace, name });
    if (secret === undefined) return undefined;
    const data = Object(secret['data']) as Readonly<Record<string, string>>;
    return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
  }

  async close(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.close()));
  }
}
