import { documentHost } from '../request/host.ts';
import type { HostMatching } from '../request/host.ts';
import type { Faults } from './fault.ts';
import { normalizeBasePath } from './fields.ts';
import { addIssues, whereIs } from './load.ts';
import type { Loaded } from './load.ts';
import { namespaceOf, qualifiedName } from './names.ts';
import type { Warnings } from './warnings.ts';

export interface OverlapContext {
  readonly hosts: HostMatching;
  readonly faults: Faults;
  readonly warnings: Warnings;
}

/**
 * Documents whose source reports no order count as equally old, and as older than those of one that does: what stands in
 * a file loses its requests to nobody who writes elsewhere, and what can't be read to nobody who came later.
 */
export function olderFirst(a: Loaded<'Api'>, b: Loaded<'Api'>): number {
  const [one, other] = [a.createdAt ?? -Infinity, b.createdAt ?? -Infinity];
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * With two APIs of one host and base path, chance would determine which one decides. Of two namespaces, the older API
 * holds the claim if the source knows the ages; otherwise it is a fault.
 */
export function tellOverlaps(apis: readonly Loaded<'Api'>[], { faults, warnings, hosts }: OverlapContext): void {
  const holders = new Map<string, Loaded<'Api'>>();
  for (const loaded of apis.toSorted(olderFirst)) {
    const { metadata, spec } = loaded.document;
    const path = normalizeBasePath(spec.basePath);
    for (const [index, host] of (spec.hosts ?? ['*']).entries()) {
      const key = `${documentHost(host, hosts)} ${path}`;
      const first = holders.get(key);
      holders.set(key, first ?? loaded);
      if (first === undefined) continue;
      // None of the two is enforced.
      if (first.withheld !== undefined && loaded.withheld !== undefined) continue;
      const field = spec.hosts === undefined ? ['basePath'] : ['hosts', index];
      const issueOf = (message: string) => [{ path: ['spec', ...field], at: 'value', message } as const];
      const others = `the API ${qualifiedName(first.document.metadata)} has the same host and base path: ${whereIs(first)}`;
      if (first === loaded) {
        addIssues(faults, loaded.place, issueOf('this host is listed twice'));
      } else if (namespaceOf(first.document.metadata) === namespaceOf(metadata) || olderFirst(first, loaded) === 0) {
        addIssues(faults, loaded.place, issueOf(others));
        faults.addRival(first.place);
      } else {
        warnings.add(
          loaded.place,
          issueOf(`${others}. It is older and gets the requests: choose another host or path`),
        );
      }
    }
  }
}
