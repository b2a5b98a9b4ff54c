import { PLATFORM_TEAM } from '../access/caller.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import { valueAt } from './facts.ts';
import type { ResourceIndex } from './resource-index.ts';

interface Changed {
  readonly key: ResourceKey;
  /** Undefined: it is deleted. */
  readonly document: unknown;
}

/** Which team an object belongs to, once changes are made. */
export class Teams {
  readonly #index: ResourceIndex;
  readonly #changed = new Set<string>();
  readonly #byNamespace = new Map<string, string | undefined>();

  readonly #separate: string | undefined;

  /** @param separate each namespace that begins so is a team of its own, unless a Team owns it */
  constructor(index: ResourceIndex, changes: readonly Changed[] = [], separate?: string) {
    this.#index = index;
    this.#separate = separate;
    for (const { key, document } of changes) {
      if (key.kind !== 'Team') continue;
      this.#changed.add(keyText(key));
      for (const namespace of namespacesOf(document)) this.#byNamespace.set(namespace, key.name);
    }
  }

  /**
   * The Team that owns its namespace; in one that no Team owns, the Team that its metadata names; else the platform's.
   * @param owner as `metadata.owner` says
   */
  teamOf({ namespace, owner }: { readonly namespace: string; readonly owner: string | undefined }): string {
    const own = this.#ofNamespace(namespace);
    if (own !== undefined) return own;
    if (this.#separate !== undefined && namespace.startsWith(this.#separate)) return `namespace ${namespace}`;
    return owner ?? PLATFORM_TEAM;
  }

  #ofNamespace(namespace: string): string | undefined {
    if (this.#byNamespace.has(namespace)) return this.#byNamespace.get(namespace);
    let found: string | undefined;
    for (const entry of this.#index.holding(`owned ${namespace}`)) {
      if (!this.#changed.has(keyText(entry))) found ??= entry.name;
    }
    this.#byNamespace.set(namespace, found);
    return found;
  }
}

/** The namespaces of a Team, as its document is written. */
export function namespacesOf(document: unknown): readonly string[] {
  const list = valueAt(document, ['spec', 'namespaces']);
  return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : [];
}
