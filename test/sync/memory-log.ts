import { hash, randomBytes } from 'node:crypto';
import type { Author, Change, Head, Resource, ResourceLog, Write } from '../../src/registry/log.ts';
import { keyText } from '../../src/sync/resource-key.ts';

const NO_HASH = '0'.repeat(64);

/** A log of changes in memory, which can be copied as a backup is. */
export class MemoryLog implements ResourceLog {
  #history: string;
  readonly #changes: Change[] = [];
  readonly #resources = new Map<string, Resource>();
  readonly #listeners = new Set<(revision: number) => void>();
  /** As long as it is set, every call is rejected with it. */
  fault: Error | undefined;
  reads = 0;

  constructor(history = randomBytes(16).toString('hex')) {
    this.#history = history;
  }

  /** As it is now, by the same name or under a new one. */
  copy(history = this.#history): MemoryLog {
    const copy = new MemoryLog(history);
    copy.#changes.push(...this.#changes);
    for (const [key, resource] of this.#resources) copy.#resources.set(key, resource);
    return copy;
  }

  async head(): Promise<Head> {
    this.#check();
    return this.#head;
  }

  get #head(): Head {
    const last = this.#changes.at(-1);
    return { history: this.#history, revision: last?.revision ?? 0, hash: last?.hash ?? NO_HASH };
  }

  async snapshot(): Promise<{ readonly head: Head; readonly resources: readonly Resource[] }> {
    this.#check();
    return { head: this.#head, resources: [...this.#resources.values()] };
  }

  async scan(take: Parameters<ResourceLog['scan']>[0]): Promise<Head> {
    const { head, resources } = await this.snapshot();
    take(
      resources,
      resources.map(({ document }) => JSON.stringify(document)),
    );
    return head;
  }

  async changesAfter(revision: number, limit: number): Promise<readonly Change[]> {
    this.#check();
    this.reads++;
    return this.#changes.slice(revision, revision + limit);
  }

  async hashAt(revision: number): Promise<string | undefined> {
    this.#check();
    return revision === 0 ? NO_HASH : this.#changes[revision - 1]?.hash;
  }

  async write(writes: readonly Write[], { actor, reason, credential = '', address = '' }: Author) {
    this.#check();
    const changes: Change[] = [];
    for (const { key, document, owner, set } of writes) {
      const before = this.#resources.get(keyText(key));
      const isSame = JSON.stringify(before?.document) === JSON.stringify(document);
      if (isSame) continue;
      const revision = this.#changes.length + 1;
      const at = Date.now();
      const createdRevision = before?.createdRevision ?? revision;
      const after =
        document === undefined ? undefined : { ...key, revision, createdRevision, at, owner, set, document };
      const body = JSON.stringify([key, revision, at, actor, reason, document]);
      const change = {
        ...key,
        revision,
        at,
        actor,
        reason,
        credential,
        address,
        before,
        after,
        hash: hash('sha256', this.#head.hash + body),
      };
      this.#changes.push(change);
      changes.push(change);
      if (after === undefined) this.#resources.delete(keyText(key));
      else this.#resources.set(keyText(key), after);
    }
    if (changes.length > 0) for (const listener of this.#listeners) listener(this.#head.revision);
    return { head: this.#head, changes };
  }

  onChange(listener: (revision: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {}

  #check(): void {
    if (this.fault !== undefined) throw this.fault;
  }
}

/** Writes documents, or deletes what has none, and returns the revision. */
export async function put(log: ResourceLog, ...documents: readonly WrittenDocument[]): Promise<number> {
  const writes = documents.map((document) => ({
    key: { kind: document.kind, namespace: document.metadata.namespace ?? 'default', name: document.metadata.name },
    document: document.spec === undefined ? undefined : document,
    owner: 'api' as const,
    set: '',
  }));
  return (await log.write(writes, { actor: 'test', reason: '' })).head.revision;
}

export interface WrittenDocument {
  readonly apiVersion: 'ostiary.dev/v1alpha1';
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly spec: unknown;
}

/** @param spec undefined: it is deleted */
export function doc(kind: string, name: string, spec: unknown, labels?: Record<string, string>): WrittenDocument {
  const [local = '', namespace] = name.split('/').toReversed();
  const metadata = { name: local, ...(namespace !== undefined && { namespace }), ...(labels && { labels }) };
  return { apiVersion: 'ostiary.dev/v1alpha1', kind, metadata, spec };
}

export function api(name: string, labels?: Record<string, string>, more: object = {}): WrittenDocument {
  return doc('Api', name, { basePath: `/${name}`, ...more }, labels);
}

export function contract(name: string, ofClient: string, ofApi: string, status = 'approved'): WrittenDocument {
  return doc('Contract', name, { clientApplication: ofClient, api: ofApi, status });
}

export function client(name: string): WrittenDocument {
  return doc('ClientApplication', name, { clientId: name.replace('/', '-') });
}
