import { Code, RpcError } from '../../grpc/rpc.ts';
import type { Json, Outcome, OwnResource, Resources, ResourceWrite } from '../../kubernetes-control/resources.ts';
import { keyText } from '../../registry/conflict.ts';
import type { Author, ResourceKey } from '../../registry/log.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Applied, Changing, ChangeRequest, PlannedChange } from '../changing.ts';
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
  readonly #common: Pick<ChangeRequest, 'owner' | 'set' | 'prune' | 'by' | 'separateNamespaces'>;

  constructor(ports: LogResourcesPorts) {
    this.#ports = ports;
    this.#author = { actor: ports.cluster === undefined ? OWNER : `${OWNER}:${ports.cluster}`, reason: '' };
    const separateNamespaces = ports.cluster === undefined ? '' : `${ports.cluster}.`;
    this.#common = { owner: OWNER, set: '', prune: false, by: undefined, separateNamespaces };
  }

  write(document: Json, source: string): Promise<Outcome> {
    return this.#apply({ source, writes: [{ document, expectedRevision: undefined }], deletions: [] });
  }

  async writeAll(writes: readonly ResourceWrite[]): Promise<readonly Outcome[]> {
    if (writes.length > 1) {
      const together = await this.#together(writes);
      if (together !== undefined) return together;
    }
    const outcomes: Outcome[] = [];
    for (const { document, source } of writes) outcomes.push(await this.write(document, source));
    return outcomes;
  }

  /** @returns undefined: each has to be written by itself */
  async #together(writes: readonly ResourceWrite[]): Promise<readonly Outcome[] | undefined> {
    const proposed = writes.map(({ document, source }) => ({ document, source, expectedRevision: undefined }));
    let applied: Applied;
    try {
      applied = await this.#ports.changing.apply({ ...this.#common, writes: proposed, deletions: [] }, this.#author);
    } catch (error) {
      if (error instanceof RpcError && error.code === Code.aborted) return undefined;
      throw error;
    }
    if (applied.faults.length === 0) {
      const byPlace = new Map(applied.changes.map((change) => [change.place, change]));
      return writes.map((_, place) => writtenOf(applied, byPlace.get(place)));
    }
    const faulty = new Set(applied.faults.map(({ place }) => place));
    if (faulty.has(undefined) || faulty.size === writes.length) return undefined;
    const good = await this.writeAll(writes.filter((_, place) => !faulty.has(place)));
    const left = [...good];
    const outcomes: Outcome[] = [];
    for (const [place, { document, source }] of writes.entries()) {
      const outcome = faulty.has(place) ? await this.write(document, source) : left.shift();
      if (outcome !== undefined) outcomes.push(outcome);
    }
    return outcomes;
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
    let applied: Applied;
    try {
      applied = await this.#ports.changing.apply({ ...this.#common, ...request }, this.#author);
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
    return writtenOf(applied, applied.changes[0]);
  }
}

function writtenOf(applied: Applied, change: PlannedChange | undefined): Outcome {
  if (change === undefined) throw new TypeError('a change was applied that is none');
  const revision = applied.revisions.get(keyText(change.key)) ?? change.before?.revision ?? applied.revision;
  return { kind: 'written', key: change.key, revision };
}
