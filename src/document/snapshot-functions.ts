import type { Contract } from '../contract/contract.ts';
import type { Directory } from '../contract/directory.ts';
import type { Api } from '../snapshot/snapshot.ts';

// A snapshot's functions keep everything in their scope alive, so they are made here, where the documents are not in
// scope.

export function contractsOf(directory: Directory): () => Iterable<Contract> {
  return () => directory.contracts();
}

export function finderOf(apis: readonly Api[]): (name: string) => Api | undefined {
  const byName = new Map(apis.map((api) => [api.name, api]));
  return (name) => byName.get(name);
}
