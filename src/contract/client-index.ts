import type { BroughtKey, ClientApplication, ClientIndex, HeldKey, IssuedKey } from './contract.ts';
import { PrincipalIndex } from './principal.ts';

/** Makes an immutable index. Clients without API keys and workloads cost only their entry by client id. */
export function createClientIndex(clients: Iterable<ClientApplication>): ClientIndex {
  const byId = new Map<string, ClientApplication>();
  const issued = new Map<string, HeldKey<IssuedKey>>();
  const brought = new Map<string, HeldKey<BroughtKey>>();
  const workloads = new PrincipalIndex<ClientApplication>();
  for (const client of clients) {
    byId.set(client.clientId, client);
    for (const key of client.apiKeys ?? []) {
      if ('id' in key) issued.set(key.id, { key, client });
      else brought.set(key.hmac, { key, client });
    }
    for (const principal of client.principals ?? []) workloads.add(principal, client);
  }
  return {
    client: (clientId) => byId.get(clientId),
    issuedKey: (id) => issued.get(id),
    broughtKey: (hmac) => brought.get(hmac),
    workload: (spiffeId) => workloads.find(spiffeId),
  };
}
