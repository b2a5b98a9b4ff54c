import { z } from 'zod';
import { isRecord } from './load.ts';
import { documentSchemas } from './schema.ts';
import type { Kind } from './schema.ts';

/** Which fields of an object the schema calls informational, and which hold objects that have some. */
interface Informational {
  readonly own: ReadonlySet<string>;
  readonly within: ReadonlyMap<string, Informational>;
}

const byKind: ReadonlyMap<string, Informational> = new Map(
  Object.entries(documentSchemas).flatMap(([kind, schema]) => {
    const found = informationalIn(schema);
    return found === undefined ? [] : [[kind, found]];
  }),
);

/** @returns undefined where there is none */
function informationalIn(schema: z.ZodType): Informational | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return informationalIn(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodArray) return informationalIn(schema.element as z.ZodType);
  if (!(schema instanceof z.ZodObject)) return undefined;
  const own = new Set<string>();
  const within = new Map<string, Informational>();
  for (const [key, field] of Object.entries<z.ZodType>(schema.shape)) {
    if (field.meta()?.['informational'] === true) {
      own.add(key);
      continue;
    }
    const inner = informationalIn(field);
    if (inner !== undefined) within.set(key, inner);
  }
  return own.size === 0 && within.size === 0 ? undefined : { own, within };
}

/** A document without what no decision depends on: what a sidecar is sent. */
export function withoutInformational(kind: string, document: unknown): unknown {
  const known = byKind.get(kind);
  return known === undefined ? document : without(known, document);
}

/** @returns the value itself where it has nothing of it */
function without(known: Informational, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => without(known, item));
    return items.every((item, at) => item === value[at]) ? value : items;
  }
  if (!isRecord(value)) return value;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const field = value[key];
    if (known.own.has(key)) {
      copy ??= { ...value };
      delete copy[key];
      continue;
    }
    const inner = known.within.get(key);
    const kept = inner === undefined ? field : without(inner, field);
    if (kept === field) continue;
    copy ??= { ...value };
    copy[key] = kept;
  }
  return copy ?? value;
}

/** Kinds that no sidecar needs. */
const CATALOG_KINDS: ReadonlySet<string> = new Set<Kind>(['Team', 'Specification', 'Subscription']);

/** Whether sidecars are sent resources of the kind. */
export function isForSidecars(kind: string): boolean {
  return !CATALOG_KINDS.has(kind);
}
