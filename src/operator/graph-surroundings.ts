import type { Contract } from '../contract/contract.ts';
import type { Limit } from '../quota/limit.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** What a graph shows beside what was counted. */
export interface GraphSurroundings {
  /** The limits of the tier of each contract, in their order; none: it is unlimited, or not known any more. */
  limitsOf(contracts: readonly UsedContract[]): Promise<readonly (readonly Limit[])[]>;
  /** Absent: teams are not known here. */
  readonly teams?: TeamNames;
}

/** A contract as it was counted, with qualified names. */
export interface UsedContract {
  readonly api: string;
  readonly name: string;
  readonly tier: string;
}

export interface TeamNames {
  /** @returns undefined: nobody's, or whoever asks may not know of it */
  of(kind: 'api' | 'client', name: string): string | undefined;
  /** What belongs to a team, as far as whoever asks may know of it. */
  names(team: string): { readonly apis: readonly string[]; readonly clients: readonly string[] };
}

/** As the documents in force have contracts. */
export function fromSnapshot(snapshot: () => Snapshot | undefined): GraphSurroundings {
  return {
    async limitsOf(contracts) {
      const inForce = new Map<string, Contract>();
      for (const contract of snapshot()?.contracts() ?? []) inForce.set(keyOf(contract), contract);
      return contracts.map((contract) => {
        const tier = inForce.get(keyOf(contract))?.tier;
        return tier?.name === contract.tier ? tier.limits : [];
      });
    },
  };
}

function keyOf({ api, name }: Pick<UsedContract, 'api' | 'name'>): string {
  return JSON.stringify([api, name]);
}
