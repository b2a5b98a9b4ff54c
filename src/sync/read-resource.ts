import type { DocumentReader } from '../document/load.ts';
import { namespaceOf } from '../document/names.ts';
import { API_VERSION } from '../document/schema.ts';
import { qualifiedKey } from './resource-key.ts';
import type { SyncedResource } from './resource-key.ts';

/**
 * Makes a document of a resource, or adds to the faults why it is none.
 * @returns false: it is none
 */
export function readResource(resource: SyncedResource, reading: DocumentReader): boolean {
  const { kind, namespace, name, revision, createdRevision, owner } = resource;
  const place = { resource: `${kind} ${qualifiedKey(resource)}, revision ${revision}`, owner };
  const fault = (message: string): false => {
    const value = { apiVersion: API_VERSION, kind, metadata: { name, namespace } };
    reading.broken.push({ place, kind, name, value });
    reading.faults.add(() => ({ file: place.resource, line: 0, column: 0, field: '', message }));
    return false;
  };
  const { length } = reading.documents;
  try {
    reading.addDocument(place, JSON.parse(resource.text), []);
  } catch {
    return fault('is no JSON that can be read');
  }
  const loaded = reading.documents[length];
  if (loaded === undefined) return false;
  const { kind: itsKind, metadata } = loaded.document;
  reading.documents[length] = { ...loaded, createdAt: createdRevision };
  if (itsKind === kind && namespaceOf(metadata) === namespace && metadata.name === name) return true;
  reading.documents.length = length;
  return fault('was sent under the name of another document');
}
