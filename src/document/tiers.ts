import type { Tier } from '../contract/contract.ts';
import { limitsOf } from '../quota/limit-schema.ts';
import type { Changes } from './document-index.ts';
import { qualifiedName } from './names.ts';
import type { DocumentOf } from './schema.ts';

/** A tier with what documents alone need to know of it. */
export interface CompiledTier {
  readonly name: string;
  readonly tier: Tier;
  readonly autoApprove: boolean;
  readonly deprecated: boolean;
}

/** The tiers of every API, by its qualified name. */
export class TierStage {
  readonly #tiers = new Map<string, readonly CompiledTier[]>();

  /** Undefined if there is no such API. */
  of(api: string): readonly CompiledTier[] | undefined {
    return this.#tiers.get(api);
  }

  /** @returns the qualified names of APIs that have changed */
  take(changes: Changes): ReadonlySet<string> {
    const changed = new Set<string>();
    for (const { document } of changes.removals('Api')) {
      const name = qualifiedName(document.metadata);
      this.#tiers.delete(name);
      changed.add(name);
    }
    for (const { document } of changes.upserts('Api')) {
      const name = qualifiedName(document.metadata);
      this.#tiers.set(name, compileTiers(document));
      changed.add(name);
    }
    return changed;
  }
}

function compileTiers({ spec }: DocumentOf<'Api'>): readonly CompiledTier[] {
  return spec.tiers.map(({ name, limits, proposedLimits, onStoreFailure, autoApprove, deprecated }) => {
    const proposed = proposedLimits === undefined ? {} : { proposedLimits: limitsOf(proposedLimits) };
    const choice = onStoreFailure === undefined ? {} : { onStoreFailure };
    return { name, tier: { name, limits: limitsOf(limits), ...proposed, ...choice }, autoApprove, deprecated };
  });
}
