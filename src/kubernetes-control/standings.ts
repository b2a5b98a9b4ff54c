import type { ResourceKey } from '../registry/log.ts';
import { scopeText } from '../sync/scope.ts';
import type { Scope } from '../sync/scope.ts';
import type { SidecarRecord } from '../sync/sidecar-store.ts';
import { isCounted, standingOf } from '../sync/standing.ts';

/** How many sidecars enforce a resource. */
export interface SidecarCounts {
  /** Those that should. */
  readonly desired: number;
  /** Those that have acknowledged it as it is. */
  readonly programmed: number;
  /** Those that enforce it as it was, or have not been heard. */
  readonly stale: number;
}

/** What sidecars say of one resource. */
export interface Standing extends SidecarCounts {
  /** Why one of them could not put it in force; undefined: none says so. */
  readonly rejection: string | undefined;
}

/** Whether sidecars of a scope are sent a resource. */
export type IsSent = (scope: Scope, key: ResourceKey) => boolean;

interface Group {
  readonly scope: Scope;
  /** The revisions that its sidecars enforce, ascending. */
  readonly enforced: readonly number[];
}

/** All sidecars that have joined and serve, as of one look. A sidecar that is cut off enforces what it has acknowledged. */
export class Standings {
  readonly #groups: readonly Group[];
  readonly #rejections = new Map<string, string>();
  readonly #isSent: IsSent;
  /** The same text for two looks in which nothing differs. */
  readonly text: string;

  /** @param now milliseconds since the Unix epoch */
  constructor(sidecars: readonly SidecarRecord[], now: number, isSent: IsSent) {
    this.#isSent = isSent;
    const groups = new Map<string, { readonly scope: Scope; readonly enforced: number[] }>();
    for (const sidecar of sidecars) {
      if (!isCounted(standingOf(sidecar, 0, now))) continue;
      const text = scopeText(sidecar.scope);
      let group = groups.get(text);
      if (group === undefined) groups.set(text, (group = { scope: sidecar.scope, enforced: [] }));
      // The log that it follows is another one.
      group.enforced.push(sidecar.otherHistory === '' ? sidecar.enforcedRevision : 0);
      for (const { resource, field, message } of sidecar.faults) {
        this.#rejections.set(resource, `${sidecar.node}: ${field === '' ? '' : `${field}: `}${message}`);
      }
    }
    for (const { enforced } of groups.values()) enforced.sort((one, other) => one - other);
    this.#groups = [...groups.values()];
    this.text = JSON.stringify([[...groups].map(([text, { enforced }]) => [text, enforced]), [...this.#rejections]]);
  }

  /** @param resource as messages call it: `Api east.shop/orders` */
  of(key: ResourceKey, revision: number, resource: string): Standing {
    let desired = 0;
    let programmed = 0;
    for (const { scope, enforced } of this.#groups) {
      if (!this.#isSent(scope, key)) continue;
      desired += enforced.length;
      programmed += enforced.length - below(enforced, revision);
    }
    return { desired, programmed, stale: desired - programmed, rejection: this.#rejections.get(resource) };
  }
}

/** How many of a sorted list are less. */
function below(sorted: readonly number[], bound: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? 0) < bound) from = middle + 1;
    else to = middle;
  }
  return from;
}
