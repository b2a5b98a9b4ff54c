import { documentOf } from '../../src/crd/document-of.ts';
import type { DocumentContext, MadeDocument } from '../../src/crd/document-of.ts';
import { faultsText } from '../../src/crd/object-fault.ts';

const SECRETS: Readonly<Record<string, string>> = { 'web/secret': 'hunter2\n', 'web/key': 'k1.abc', 'web/empty': '\n' };

const context: DocumentContext = {
  cluster: 'east',
  grants: [],
  resolveSecret({ name, key }) {
    const text = SECRETS[`${name}/${key}`];
    return text === undefined ? { problem: `there is no Secret ${name} with the key ${key}` } : { text };
  },
};

export function object(kind: string, name: string, spec: object, metadata: object = {}) {
  return {
    apiVersion: 'ostiary.dev/v1alpha1',
    kind,
    metadata: { name, namespace: 'shop', uid: 'u-1', ...metadata },
    spec,
  };
}

export function made(value: object, changed: Partial<DocumentContext> = {}): MadeDocument {
  const result = documentOf(value as Record<string, unknown>, { ...context, ...changed });
  if ('faults' in result) throw new Error(faultsText(result.faults));
  return result;
}

export function faultsOf(value: object, changed: Partial<DocumentContext> = {}) {
  const result = documentOf(value as Record<string, unknown>, { ...context, ...changed });
  return 'faults' in result ? result.faults.map(({ field, message, reason }) => `${reason} ${field}: ${message}`) : [];
}
