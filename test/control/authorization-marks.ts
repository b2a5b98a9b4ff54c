import fc from 'fast-check';

/** A document as requests have it. */
export interface Written {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** A text that only the description of this document has. */
export function markOf({ kind, metadata: { name, namespace = 'default' } }: Written): string {
  return `mark:${kind}:${namespace}:${name}:`;
}

export function marked(document: Written): Written {
  return { ...document, metadata: { ...document.metadata, description: markOf(document) } as Written['metadata'] };
}

const KINDS = ['Api', 'ClientApplication', 'Contract', 'PolicyBinding', 'Secret', 'Specification', 'Team', 'Webhook'];
const NAMES = [
  'orders',
  'drafts',
  'mobile',
  'web',
  'portal',
  'portal-pending',
  'portal-active',
  'keys',
  'ops',
  'parcels',
];
const kind = fc.constantFrom(...KINDS);
const namespace = fc.constantFrom('shop', 'returns', 'platform', 'default', 'free', '');
const name = fc.oneof(fc.constantFrom(...NAMES, 'everybody', 'shop', 'orders-text'), fc.string({ maxLength: 5 }));
const words = fc.constantFrom('', 'mark', 'shop', 'team', 'mobile', 'orders');
const reference = fc.tuple(namespace, name).map(([of, one]) => (of === '' ? one : `${of}/${one}`));

const listing = fc.record({
  kinds: fc.array(kind, { maxLength: 2 }),
  namespaces: fc.array(namespace, { maxLength: 1 }),
  search: words,
  fields: fc.constantFrom([], ['metadata'], ['metadata.description', 'spec']),
  keysOnly: fc.boolean(),
  pageSize: fc.integer({ min: 0, max: 5 }),
});
const key = fc.record({ kind, namespace, name });
const document = fc.record({
  apiVersion: fc.constant('ostiary.dev/v1alpha1'),
  kind,
  metadata: fc.record({ name, namespace: fc.constantFrom('shop', 'returns', 'platform', 'free'), owner: words }),
  spec: fc.oneof(
    fc.record({ hosts: fc.constant(['orders.example.com']), basePath: fc.constantFrom('/', '/x') }),
    fc.record({ clientApplication: reference, api: reference, tier: words, status: fc.constant('approved') }),
    fc.record({ clientId: fc.constantFrom('web', 'mobile', 'portal') }),
    fc.record({ namespaces: fc.constant(['shop']) }),
  ),
});
const documents = fc.array(fc.record({ document }), { minLength: 1, maxLength: 2 });
const of = (service: string, method: string, request: fc.Arbitrary<object>) =>
  request.map((asked) => ({ service, method, request: asked }));

/** Requests that change nothing, of whatever is there and of what is not. */
export const anyRequest = fc.oneof(
  of('ResourceService', 'List', listing),
  of('ResourceService', 'Get', key),
  of(
    'ResourceService',
    'Delete',
    fc.record({
      resources: fc.array(fc.record({ resource: key }), { minLength: 1, maxLength: 2 }),
      dryRun: fc.constant(true),
    }),
  ),
  of('ResourceService', 'Apply', fc.record({ documents, dryRun: fc.constant(true), set: fc.constantFrom('', 'x') })),
  of('ResourceService', 'Diff', fc.record({ documents })),
  of(
    'ContractService',
    'Request',
    fc.record({ namespace, clientApplication: reference, api: name, tier: words, dryRun: fc.constant(true) }),
  ),
  of('ContractService', 'Approve', fc.record({ namespace, name, dryRun: fc.constant(true) })),
  of('ContractService', 'GetContract', fc.record({ namespace, name })),
  of('CredentialService', 'RotateSecret', fc.record({ namespace, name, dryRun: fc.constant(true) })),
  of('AuthoringService', 'ListOwnApis', fc.record({ team: words, search: words, waiting: fc.boolean() })),
  of('AuthoringService', 'ListRequests', fc.record({ namespace, api: fc.constant('') })),
  of('AuditService', 'ListChanges', fc.record({ kind, pageSize: fc.constant(50) })),
  of('AuditService', 'ListEntries', fc.record({ kind, pageSize: fc.constant(50) })),
);
