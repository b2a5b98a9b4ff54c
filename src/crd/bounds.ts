import type { SchemaPath, Structural } from './structural.ts';

/**
 * How much of everything an object may have where documents have no bound. The API server adds up what rules below a
 * list could cost at most, and refuses a definition that could cost too much.
 */
const ITEMS: Readonly<Record<string, number>> = {
  hosts: 256,
  policies: 64,
  rules: 64,
  not: 32,
  requests: 64,
  tiers: 128,
  limits: 32,
  proposedLimits: 32,
  anyOf: 32,
  allOf: 16,
};
const MOST_ITEMS = 256;
const MOST_ENTRIES = 64;
/** A template of a policy's condition or a regular expression, at most. */
const LONGEST_TEXT = 16_384;
/** Names that nothing else bounds. */
const LONGEST_NAME = 256;

/** The last name of a path. */
function fieldOf(path: SchemaPath): string {
  return /([^.[\]{}]+)(?:\[\]|\{\})*$/.exec(path)?.[1] ?? '';
}

const LONG: ReadonlySet<string> = new Set(['when', 'path', 'methods', 'host', 'headers', 'file']);

export function boundsAt(path: SchemaPath, schema: Structural): Structural {
  switch (schema.type) {
    case 'array':
      return schema['maxItems'] === undefined ? { maxItems: ITEMS[fieldOf(path)] ?? MOST_ITEMS } : {};
    case 'string':
      if (schema['maxLength'] !== undefined || schema.enum !== undefined) return {};
      return { maxLength: LONG.has(fieldOf(path)) ? LONGEST_TEXT : LONGEST_NAME };
    case 'object':
      return schema.additionalProperties !== undefined && schema['maxProperties'] === undefined
        ? { maxProperties: MOST_ENTRIES }
        : {};
    default:
      return {};
  }
}
