/** A value that came from JSON or YAML, where nobody has looked at it yet. */
export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy without these fields. */
export function without(value: Json, ...fields: readonly string[]): Json {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !fields.includes(name)));
}

/** A copy where a field that is there is replaced. */
export function mapField(value: Json, field: string, change: (item: unknown) => unknown): Json {
  return Object.hasOwn(value, field) ? { ...value, [field]: change(value[field]) } : value;
}

/** What a list has, each changed; anything else as it is. */
export function mapItems(list: unknown, change: (item: Json, at: number) => unknown): unknown {
  return Array.isArray(list) ? list.map((item, at) => (isObject(item) ? change(item, at) : item)) : list;
}

export function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
