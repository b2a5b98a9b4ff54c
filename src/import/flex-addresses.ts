import { addressOf, nameOf } from './flex-documents.ts';
import type { Made } from './flex-documents.ts';
import type { Fields } from './remarks.ts';

/**
 * Flex/Omni Gateway distinguishes APIs by their port too, which a Check does not contain. If two APIs with different
 * ports have the same base path, or one below the other's, a request to one could be decided as a request to the
 * other: such documents are refused.
 */
export function refuseAmbiguousAddresses(made: readonly Made[]): void {
  const apis = made.flatMap(({ of, value }) => {
    if (value['kind'] !== 'Api') return [];
    const { hosts } = value['spec'] as { readonly hosts?: readonly string[] };
    const address = addressOf(of.value['spec'] as Fields, of.remarks.at('spec'));
    return address === undefined ? [] : [{ of, hosts, ...address }];
  });
  for (const [index, api] of apis.entries()) {
    const other = apis.slice(0, index).find(({ port, basePath, hosts }) => {
      return port !== api.port && overlap(basePath, api.basePath) && !areApart(hosts, api.hosts);
    });
    if (other === undefined) continue;
    const [name, others] = [nameOf(api.of), nameOf(other.of)];
    api.of.remarks
      .at('spec', 'address')
      .refuse(
        `only the port tells ${name} from ${others}, and ostiary does not decide by ports: say by which hosts they are reached, ` +
          `--host ${name}=HOST --host ${others}=HOST`,
      );
  }
}

function overlap(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => (path === '/' ? '/' : `${path}/`)) as [string, string];
  return first.startsWith(second) || second.startsWith(first);
}

/** Whether both have hosts, and none in common. An exact host wins over a wildcard, so these are apart. */
function areApart(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const names = new Set(a.map((host) => host.toLowerCase()));
  return !b.some((host) => names.has(host.toLowerCase()));
}
