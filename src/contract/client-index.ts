import type { BroughtKey, ClientApplication, ClientIndex, HeldKey, IssuedKey } from './contract.ts';

/** Never changes. Those who have no API keys cost nothing but their place by client id. */
export function createClientIndex(clients: Iterable<ClientApplication>): ClientIndex {
  const byId = new Map<string, ClientApplication>();
  const issued = new Map<string, HeldKey<IssuedKey>>();
  const brought = new Map<string, HeldKey<BroughtKey>>();
  for (const client of clients) {
    byId.set(client.clientId, client);
    for (const key of client.apiKeys ?? []) {
      if ('id' in key) issued.set(key.id, { key, client });
      else brought.set(key.hmac, { key, client });
    }
  }
  return {
    client: (clientId) => byId.get(clientId),
    issuedKey: (id) => issued.get(id),
    broughtKey: (hmac) => brought.get(hmac),
  };
}
