import type { JsonObject } from '@bufbuild/protobuf';
import type { ListRequest, Resource as ResourceMessage } from '../../gen/ostiary/v1/resources_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import type { Entry } from './resource-index.ts';
import { namespaceOr, resourceMessage } from './resource-messages.ts';
import { fieldsOf } from './selecting.ts';
import type { RegisteredKind } from '../policies/environment.ts';
import type { Rights } from './rights.ts';
import { sightOf, viewOf } from './views.ts';

/** Documents of a page may be large: so many are read at once, and a page ends once it has so much. */
const AT_ONCE = 100;
const LARGEST_PAGE_BYTES = 16 * 1024 * 1024;

interface ListingPorts {
  readonly registry: Pick<Registry, 'resources'>;
  readonly policyKinds: ReadonlyMap<string, RegisteredKind>;
}

/** What is listed of a page. */
interface Listed {
  /** Those that were looked at: the rest is for the next page. */
  readonly entries: readonly Entry[];
  readonly resources: ResourceMessage[];
}

/** The resources of a page, as far as they fit into one answer; at least one. */
export async function listedOf(
  { registry, policyKinds }: ListingPorts,
  entries: readonly Entry[],
  { keysOnly, fields }: Pick<ListRequest, 'keysOnly' | 'fields'>,
  rights: Rights,
): Promise<Listed> {
  // From the catalog, one does not see how its team keeps it.
  const told = (entry: Entry) => (rights.sight(entry) === 'catalog' ? { ...entry, set: '', source: '' } : entry);
  if (keysOnly) return { entries, resources: entries.map((entry) => resourceMessage(told(entry), undefined)) };
  const select = fields.length === 0 ? (document: JsonObject) => document : fieldsOf(fields);
  const resources: ResourceMessage[] = [];
  let bytes = 0;
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    const some = entries.slice(from, from + AT_ONCE);
    const found = new Map((await registry.resources(some)).map((resource) => [keyText(resource), resource]));
    for (const [at, entry] of some.entries()) {
      const resource = found.get(keyText(entry));
      // One that was deleted in this moment is left out.
      if (resource === undefined) continue;
      const sight = entry.revision === resource.revision ? rights.sight(entry) : sightOf(resource, rights);
      const seen = viewOf(resource.document, sight, policyKinds);
      if (seen === undefined) continue;
      const message = resourceMessage(resource, seen, select);
      bytes += JSON.stringify(message.document ?? null).length;
      if (bytes > LARGEST_PAGE_BYTES && resources.length > 0)
        return { entries: entries.slice(0, from + at), resources };
      resources.push(message);
    }
  }
  return { entries, resources };
}

/** What a page after this one begins with. */
export function tokenOf(entry: ResourceKey | undefined): string {
  if (entry === undefined) return '';
  const { kind, namespace, name } = entry;
  return Buffer.from(JSON.stringify([kind, namespace, name])).toString('base64url');
}

/** @throws RpcError */
export function afterOf(token: string): ResourceKey | undefined {
  if (token === '') return undefined;
  try {
    const parts = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown;
    if (Array.isArray(parts) && parts.length === 3 && parts.every((part) => typeof part === 'string')) {
      const [kind = '', namespace = '', name = ''] = parts;
      return { kind, namespace: namespaceOr(namespace), name };
    }
  } catch {
    // As any other text that is no token.
  }
  throw new RpcError(Code.invalidArgument, 'page_token is none that a response had');
}
