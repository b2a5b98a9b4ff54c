import type { ObjectKind } from './kinds.ts';
import type { SchemaPath, Structural } from './structural.ts';

/** Where documents say nothing, because their pages do, and where objects differ. By the path without the kind, or by the name. */
const BY_PLACE: Readonly<Record<string, string>> = {
  spec: 'What it is to be',
  'spec.catalog': 'What people and tools are told of it; no decision depends on it',
  'spec.openapi.file': 'An OpenAPI document, YAML or JSON, by its path below --secrets-dir of each sidecar',
  'spec.guests[].namespace':
    'In place of a team: the APIs of one namespace are let in, by its name at the control plane',
  'spec.clientApplication': 'metadata.name of a ClientApplication; NAMESPACE/NAME for one of another namespace',
  'spec.api': 'metadata.name of an Api',
  'spec.targetRef': 'The Api with a name, or those with some labels',
  'spec.targetRef.kind': 'Api: the one with this name; Selector: those with these labels',
  'spec.targetRef.name': 'metadata.name of an Api',
  'spec.targetRef.selector': 'Which APIs',
  'spec.targetRef.selector.kind': 'What is selected',
  'spec.clientId': 'What the client calls itself: visible ASCII without spaces',
};

const BY_NAME: Readonly<Record<string, string>> = {
  name: 'Its name: letters and digits, with ".", "_" or "-" between them',
  salt: 'What stands before the secret where it is hashed',
  sha256: '64 hex digits: SHA-256(salt + secret)',
  id: 'What stands before the dot of a key',
  severity: 'How bad it is. Default: warning',
};

/** A description where the documents' schema has none. */
export function descriptionAt(kind: ObjectKind, path: SchemaPath, schema: Structural): Structural {
  if (kind === 'Contract' && path === 'spec.api')
    return { description: 'metadata.name of an Api; NAMESPACE/NAME for one of another namespace that grants it' };
  const always = BY_PLACE[path];
  if (
    always !== undefined &&
    (schema.description === undefined || path.endsWith('.file') || path.endsWith('.namespace'))
  )
    return { description: always };
  if (schema.description !== undefined || path.endsWith(']') || path.endsWith('}')) return {};
  const name = path.slice(path.lastIndexOf('.') + 1);
  const description = BY_NAME[name];
  return description === undefined ? {} : { description };
}
