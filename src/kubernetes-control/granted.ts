import type { ObjectKey } from './object-key.ts';
import { keyOfObject } from './object-key.ts';
import type { Objects } from './objects.ts';

/** Objects that grants of a namespace may concern: its APIs, and Contracts of others that name one of them. */
export function* concernedByGrants(namespace: string, objects: Pick<Objects, 'ofKind'>): Generator<ObjectKey> {
  for (const object of objects.ofKind('Api')) if (object.metadata.namespace === namespace) yield keyOfObject(object);
  for (const object of objects.ofKind('Contract')) {
    const { api } = Object(object['spec']) as { api?: unknown };
    if (typeof api === 'string' && api.startsWith(`${namespace}/`)) yield keyOfObject(object);
  }
}
