import type { z } from 'zod';

/**
 * A field that no decision depends on. Sidecars are not sent it, so that one of an earlier version takes over a document
 * that has it; its JSON Schema says so.
 */
export function informational<Schema extends z.ZodType>(schema: Schema, description: string) {
  return schema.optional().meta({ description, informational: true });
}
