import { isObject, mapField, mapItems, without } from './json.ts';
import type { Json } from './json.ts';

// What an object says in another form than a document, both ways. `shapes.ts` has the schemas of these forms.

/** What Kubernetes itself keeps of an object's metadata. */
export const KUBERNETES_FIELDS: ReadonlySet<PropertyKey> = new Set(['name', 'namespace', 'labels', 'annotations']);

const NUMBER = /^[0-9]+(?:\.[0-9]+)?$/;

const UNLIMITED_FIELDS = { limits: 'unlimited', proposedLimits: 'proposedUnlimited' } as const;
const PAIRS = Object.entries(UNLIMITED_FIELDS);

function tierOfDocument(tier: Json): Json {
  return PAIRS.reduce<Json>((changed, [limits, unlimited]) => {
    if (changed[unlimited] !== true || Object.hasOwn(changed, limits)) return changed;
    return { ...without(changed, unlimited), [limits]: 'unlimited' };
  }, tier);
}

function tierOfObject(tier: Json): Json {
  return PAIRS.reduce<Json>((changed, [limits, unlimited]) => {
    return changed[limits] === 'unlimited' ? { ...without(changed, limits), [unlimited]: true } : changed;
  }, tier);
}

export function apiOfDocument(spec: Json): Json {
  const withTiers = mapField(spec, 'tiers', (tiers) => mapItems(tiers, tierOfDocument));
  return mapField(withTiers, 'public', (value) => {
    if (!isObject(value)) return value;
    const { all, requests, ...rest } = value;
    if (Object.keys(rest).length > 0 || (all === undefined) === (requests === undefined)) return value;
    return all === undefined ? requests : all;
  });
}

export function apiOfObject(spec: Json): Json {
  const withTiers = mapField(spec, 'tiers', (tiers) => mapItems(tiers, tierOfObject));
  return mapField(withTiers, 'public', (value) => (value === true ? { all: true } : { requests: value }));
}

/** A field of CRDs is a whole number or a text: a number with a fraction is a text. */
export function alertOfDocument(spec: Json): Json {
  return mapField(spec, 'threshold', (value) =>
    typeof value === 'string' && NUMBER.test(value) ? Number(value) : value,
  );
}

export function alertOfObject(spec: Json): Json {
  const listed = mapField(spec, 'filter', (filter) =>
    isObject(filter)
      ? Object.fromEntries(Object.entries(filter).map(([key, each]) => [key, Array.isArray(each) ? each : [each]]))
      : filter,
  );
  return mapField(listed, 'threshold', (value) =>
    typeof value === 'number' && !Number.isInteger(value) ? decimal(value) : value,
  );
}

/** Without an exponent, as authors write it. */
function decimal(value: number): string {
  const text = String(value);
  return NUMBER.test(text) ? text : value.toFixed(20).replace(/0+$/, '');
}

/** Where a field of a document stands in its object. */
export function fieldOfObject(kind: string, path: readonly PropertyKey[]): readonly PropertyKey[] {
  const [first, second, ...rest] = path;
  if (first === 'metadata' && second !== undefined && !KUBERNETES_FIELDS.has(second))
    return ['spec', 'catalog', second, ...rest];
  if (kind === 'Api' && second === 'public' && typeof rest[0] === 'number')
    return ['spec', 'public', 'requests', ...rest];
  return path;
}
