import type { Api } from './snapshot.ts';

/** @returns finds an API by its qualified name */
export function createApiNames(apis: readonly Api[]): (name: string) => Api | undefined {
  const byName = new Map(apis.map((api) => [api.name, api]));
  return (name) => byName.get(name);
}
