import type { ClientApplication, Contract, ContractDirectory } from './contract.ts';

/** Looks up in two maps, so the cost stays flat however many clients and contracts there are. */
export function createDirectory(
  clients: Iterable<ClientApplication>,
  contracts: Iterable<Contract>,
): ContractDirectory {
  const byId = new Map<string, ClientApplication>();
  for (const client of clients) byId.set(client.clientId, client);
  const byApi = new Map<string, Map<string, Contract>>();
  for (const contract of contracts) {
    let ofApi = byApi.get(contract.api);
    if (ofApi === undefined) byApi.set(contract.api, (ofApi = new Map()));
    ofApi.set(contract.client.clientId, contract);
  }
  return {
    client: (clientId) => byId.get(clientId),
    contract: (clientId, api) => byApi.get(api)?.get(clientId),
  };
}
