import { Claims } from './claims.ts';
import type { DocumentIndex } from './document-index.ts';
import type { Faults } from './fault.ts';
import { addIssues, whereIs } from './load.ts';
import type { Loaded } from './load.ts';

/** A namespace belongs to one team. */
export function refuseSharedNamespaces(index: DocumentIndex, faults: Faults): void {
  if (!index.any('Team')) return;
  const owners = new Claims<Loaded<'Team'>>();
  for (const loaded of index.all('Team')) {
    for (const namespace of loaded.document.spec.namespaces) owners.claim(namespace, loaded);
  }
  for (const { key, claimant, holder } of owners.contested()) {
    const at = claimant.document.spec.namespaces.indexOf(key);
    const message = `another team owns this namespace: ${whereIs(holder)}`;
    addIssues(faults, claimant.place, [{ path: ['spec', 'namespaces', at], at: 'value', message }]);
  }
}
