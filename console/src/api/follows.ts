import type { Method } from './call.ts';

/** What an answer of these services is made of. Those of others say so themselves where they are called. */
const OF_SERVICES: Readonly<Record<string, readonly string[]>> = {
  CatalogService: ['Api', 'Specification', 'Contract', 'ClientApplication', 'Team'],
  ContractService: ['Contract'],
  CredentialService: ['ClientApplication'],
};

/**
 * The kinds that an answer changes with; none: it is not asked again by itself.
 * @param request undefined: nothing is asked yet
 */
export function kindsOf({ path }: Pick<Method<unknown, unknown>, 'path'>, request: unknown): readonly string[] {
  const [, service = '', name = ''] = /([^./]+)\/([^/]+)$/.exec(path) ?? [];
  if (service !== 'ResourceService') return OF_SERVICES[service] ?? [];
  // Nothing is asked yet.
  if (request === undefined) return [];
  const { kind, kinds } = request as { readonly kind?: string; readonly kinds?: readonly string[] };
  if (name === 'Get') return kind === undefined ? [] : [kind];
  // Without kinds it lists every kind.
  return name === 'List' ? (kinds ?? [ANY]) : [];
}

/** Stands for every kind. */
export const ANY = '*';
