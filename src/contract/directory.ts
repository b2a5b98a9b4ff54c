import { createClientIndex } from './client-index.ts';
import type { ClientApplication, ClientIndex, Contract, ContractDirectory } from './contract.ts';
import { LayeredMap } from './layered-map.ts';

/** A changed contract; `contract` is undefined if it was removed. */
export interface ContractChange {
  readonly clientId: string;
  /** The API's name. */
  readonly api: string;
  readonly contract: Contract | undefined;
}

/** Immutable. A look-up uses a few maps, so its cost does not depend on the number of clients and contracts. */
export interface Directory extends ContractDirectory {
  /** All contracts, whatever their status. */
  contracts(): Iterable<Contract>;
  /**
   * Returns a new directory with these changes; later changes override earlier ones. It shares the rest with this
   * one.
   */
  with(changes: readonly ContractChange[]): Directory;
}

export function createDirectory(clients: Iterable<ClientApplication>, contracts: Iterable<Contract>): Directory {
  const byApi = new Map<string, Map<string, Contract>>();
  for (const contract of contracts) {
    let ofApi = byApi.get(contract.api);
    if (ofApi === undefined) byApi.set(contract.api, (ofApi = new Map()));
    ofApi.set(contract.client.clientId, contract);
  }
  const index = createClientIndex(clients);
  return directoryOf(index, new Map(Array.from(byApi, ([api, ofApi]) => [api, new LayeredMap(ofApi)])));
}

function directoryOf(clients: ClientIndex, contracts: ReadonlyMap<string, LayeredMap<Contract>>): Directory {
  return {
    ...clients,
    contract: (clientId, api) => contracts.get(api)?.get(clientId),
    *contracts() {
      for (const ofApi of contracts.values()) yield* ofApi.values();
    },
    with(changes) {
      if (changes.length === 0) return this;
      const changed = new Map(contracts);
      for (const [api, ofApi] of Map.groupBy(changes, (change) => change.api)) {
        const before = changed.get(api) ?? new LayeredMap<Contract>(new Map());
        changed.set(api, before.with(ofApi.map(({ clientId, contract }) => [clientId, contract] as const)));
      }
      return directoryOf(clients, changed);
    },
  };
}

/** A function that keeps the directory alive, and nothing else that its caller has. */
export function contractsOf(directory: Directory): () => Iterable<Contract> {
  return () => directory.contracts();
}
