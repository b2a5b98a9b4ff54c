import type { z } from 'zod';
import { isRecord } from './load.ts';
import { documentSchemas } from './schema.ts';
import type { Kind } from './schema.ts';

/** By kind, the fields of metadata that the schema calls informational. */
const fields: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(documentSchemas).map(([kind, schema]) => {
    const own = Object.entries(schema.shape.metadata.shape as Readonly<Record<string, z.ZodType>>);
    return [kind, new Set(own.filter(([, field]) => field.meta()?.['informational'] === true).map(([key]) => key))];
  }),
);

/** A document without what no decision depends on: what a sidecar is sent. */
export function withoutInformational(kind: string, document: unknown): unknown {
  if (!isRecord(document)) return document;
  const { metadata } = document;
  const known = fields.get(kind);
  if (known === undefined || !isRecord(metadata)) return document;
  if (!Object.keys(metadata).some((key) => known.has(key))) return document;
  const kept = Object.entries(metadata).filter(([key]) => !known.has(key));
  return { ...document, metadata: Object.fromEntries(kept) };
}

/** Kinds that no sidecar needs. */
const CATALOG_KINDS: ReadonlySet<string> = new Set<Kind>(['Team', 'Specification']);

/** Whether sidecars are sent resources of the kind. */
export function isForSidecars(kind: string): boolean {
  return !CATALOG_KINDS.has(kind);
}
