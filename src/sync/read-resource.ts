import type { DocumentReader, ResourcePlace } from '../document/load.ts';
import { namespaceOf } from '../document/names.ts';
import { API_VERSION } from '../document/schema.ts';
import { qualifiedKey } from './resource-key.ts';
import type { SyncedResource } from './resource-key.ts';

/** Its text is made when somebody asks: hardly any of a hundred thousand has a fault. */
class PlaceAtControlPlane implements ResourcePlace {
  readonly #of: SyncedResource;

  constructor(of: SyncedResource) {
    this.#of = of;
  }

  get resource(): string {
    return `${this.#of.kind} ${qualifiedKey(this.#of)}, revision ${this.#of.revision}`;
  }

  get owner(): string {
    return this.#of.owner;
  }
}

/**
 * Makes a document of a resource, or adds to the faults why it is none.
 * @returns false: it is none
 */
export function readResource(resource: SyncedResource, reading: DocumentReader): boolean {
  const { kind, namespace, name, createdRevision } = resource;
  const place = new PlaceAtControlPlane(resource);
  const fault = (message: string): false => {
    const value = { apiVersion: API_VERSION, kind, metadata: { name, namespace } };
    reading.broken.push({ place, kind, name, value });
    reading.faults.add(() => ({ file: place.resource, line: 0, column: 0, field: '', message }));
    return false;
  };
  const { length } = reading.documents;
  try {
    reading.addDocument(place, JSON.parse(resource.text), [], createdRevision);
  } catch {
    return fault('is no JSON that can be read');
  }
  const loaded = reading.documents[length];
  if (loaded === undefined) return false;
  const { kind: itsKind, metadata } = loaded.document;
  if (itsKind === kind && namespaceOf(metadata) === namespace && metadata.name === name) return true;
  reading.documents.length = length;
  return fault('was sent under the name of another document');
}
