import { Code, RpcError } from '../../grpc/rpc.ts';
import type { Json, Outcome, OwnResource, Resources } from '../../kubernetes-control/resources.ts';
import { keyText } from '../../registry/conflict.ts';
import type { Author, ResourceKey } from '../../registry/log.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Applied, Changing, ChangeRequest } from '../changing.ts';
import type { CurrentIndex } from '../current-index.ts';

export interface LogResourcesPorts {
  readonly registry: Pick<Registry, 'head'>;
  readonly changing: Pick<Changing, 'apply'>;
  readonly index: Pick<CurrentIndex, 'current'>;
  /** Of `--cluster-name`. */
  readonly cluster: string | undefined;
}

const OWNER = 'kubernetes';

/** The log as the controller of a cluster writes it, through the same checks as everybody. */
export class LogResources implements Resources {
  readonly #ports: LogResourcesPorts;
  readonly #author: Author;

  constructor(ports: LogResourcesPorts) {
    this.#ports = ports;
    this.#author = { actor: ports.cluster === undefined ? OWNER : `${OWNER}:${ports.cluster}`, reason: '' };
  }

  write(document: Json, source: string): Promise<Outcome> {
    return this.#apply({ source, writes: [{ document, expectedRevision: undefined }], deletions: [] });
  }

  remove(key: ResourceKey, source: string): Promise<Outcome> {
    return this.#apply({ source, writes: [], deletions: [{ key, expectedRevision: undefined }] });
  }

  async own(prefix: string): Promise<readonly OwnResource[]> {
    const { index } = await this.#ports.index.current();
    const found: OwnResource[] = [];
    for (const kind of index.kinds()) {
      for (const { owner, source, namespace, name, revision } of index.ofKind(kind)) {
        if (owner === OWNER && source?.startsWith(prefix) === true)
          found.push({ source, kind, namespace, name, revision });
      }
    }
    return found;
  }

  async revision(): Promise<number> {
    return (await this.#ports.registry.head()).revision;
  }

  async #apply(request: Pick<ChangeRequest, 'writes' | 'deletions'> & { readonly source: string }): Promise<Outcome> {
    const { changing, cluster } = this.#ports;
    let applied: Applied;
    try {
      const separate = cluster === undefined ? '' : `${cluster}.`;
      applied = await changing.apply(
        { ...request, owner: OWNER, set: '', prune: false, by: undefined, separateNamespaces: separate },
        this.#author,
      );
    } catch (error) {
      if (error instanceof RpcError && error.code === Code.aborted) return { kind: 'others', message: error.message };
      const [deleted] = request.deletions;
      if (error instanceof RpcError && error.code === Code.notFound && deleted !== undefined)
        return { kind: 'written', key: deleted.key, revision: await this.revision() };
      throw error;
    }
    if (applied.faults.length > 0) {
      const faults = applied.faults.map(({ file: resource, field, message }) => ({ resource, field, message }));
      return { kind: 'faulty', faults };
    }
    const [change] = applied.changes;
    if (change === undefined) throw new TypeError('a change was applied that is none');
    const revision = applied.revisions.get(keyText(change.key)) ?? change.before?.revision ?? applied.revision;
    return { kind: 'written', key: change.key, revision };
  }
}
