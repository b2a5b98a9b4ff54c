import { z } from 'zod';

/** A schema as a CustomResourceDefinition takes it (Kubernetes: "structural schema"). */
export interface Structural {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Structural>>;
  readonly required?: readonly string[];
  readonly items?: Structural;
  readonly additionalProperties?: Structural;
  readonly anyOf?: readonly Structural[];
  readonly enum?: readonly unknown[];
  readonly [keyword: string]: unknown;
}

/** What a place in a schema is called: `spec.tiers[].limits[].name`. */
export type SchemaPath = string;

export interface Places {
  /** What stands in an object in place of what stands in a document; undefined: the same. */
  shapeAt(path: SchemaPath, schema: Structural): Structural | undefined;
  /** What is added to the schema: rules, bounds, kinds of lists. */
  additionsAt(path: SchemaPath, schema: Structural): Structural;
  /** Told of each place where the documents' schema has a check in code, which no JSON Schema can hold. */
  checked?(path: SchemaPath): void;
}

const CHECKED = 'x-checked';

/** What of JSON Schema means the same in a structural schema. */
const KEPT: ReadonlySet<string> = new Set([
  'type',
  'description',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'required',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
]);

/** Makes a structural schema of what documents may say at a place. @throws TypeError: a union of which nobody has said how an object has it */
export function structuralOf(schema: z.ZodType, path: SchemaPath, places: Places): Structural {
  const json = z.toJSONSchema(schema, {
    target: 'draft-7',
    // What authors write: an object keeps no defaults, so that it stays as its author wrote it.
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override({ zodSchema, jsonSchema }) {
      for (const { check: name, pattern } of checksOf(zodSchema)) {
        if (name === 'custom') Object.assign(jsonSchema, { [CHECKED]: true });
        // JSON Schema has no flags; RE2, which Kubernetes takes, has them in the pattern.
        if (pattern?.flags.includes('i') === true) jsonSchema.pattern = `(?i)${pattern.source}`;
      }
    },
  });
  return convert(json as Structural, path, places);
}

/** What zod keeps of a check; a pattern with its flags is nowhere else. */
interface Check {
  readonly check: string;
  readonly pattern?: RegExp;
}

function checksOf(schema: z.core.$ZodType): readonly Check[] {
  // oxlint-disable-next-line no-underscore-dangle -- zod's own name for what extensions read
  return (schema._zod.def.checks ?? []).map((each) => each._zod.def as Check);
}

function convert(given: Structural, path: SchemaPath, places: Places): Structural {
  const schema = withoutUnion(places.shapeAt(path, given) ?? given, path);
  if (given[CHECKED] === true || schema[CHECKED] === true) places.checked?.(path);
  const { properties, items, additionalProperties, anyOf } = schema;
  const kept = Object.fromEntries(Object.entries(schema).filter(([key]) => KEPT.has(key))) as Structural;
  const converted: Structural = {
    ...kept,
    ...described(schema),
    ...(schema['const'] !== undefined && { enum: [schema['const']] }),
    ...(schema.type === 'integer' && { format: 'int64' }),
    ...(anyOf !== undefined && { anyOf }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, convert(each, `${path}.${name}`, places)]),
      ),
    }),
    ...(items !== undefined && { items: convert(items, `${path}[]`, places) }),
  };
  const isMap = typeof additionalProperties === 'object';
  if (isMap && Object.keys(additionalProperties).length === 0)
    return { ...converted, 'x-kubernetes-preserve-unknown-fields': true };
  const whole = isMap
    ? { ...converted, additionalProperties: convert(additionalProperties, `${path}{}`, places) }
    : converted;
  return { ...whole, ...places.additionsAt(path, whole) };
}

/** With what holds where nothing is said: `kubectl explain` shows descriptions alone. */
function described({ description, default: fallback }: Structural): Structural {
  const isTold = fallback === undefined || typeof fallback === 'object' || /\bdefault\b/i.test(description ?? '');
  if (isTold) return {};
  const text = `Default: ${JSON.stringify(fallback).replaceAll('"', '')}`;
  return { description: description === undefined ? text : `${description}. ${text}` };
}

/** One schema of several forms, none of which has a form of its own below it. */
function withoutUnion(schema: Structural, path: SchemaPath): Structural {
  const { anyOf, oneOf, ...rest } = schema as Structural & { readonly oneOf?: readonly Structural[] };
  if (schema['allOf'] !== undefined) throw new TypeError(`${path}: allOf, and no form for objects`);
  const forms = anyOf ?? oneOf;
  if (forms === undefined || schema['x-kubernetes-int-or-string'] === true) return schema;
  if (forms.every(({ type }) => type === 'object')) return { ...merged(forms), ...rest };
  const [first, second] = forms;
  // One or a list of them: a list.
  if (forms.length === 2 && second?.type === 'array' && second.items?.type === first?.type)
    return { ...second, ...rest };
  if (forms.every(({ type }) => type === 'string')) {
    // What values may be, without a type, is allowed in branches.
    const values = forms.map(({ const: only, pattern, maxLength }) =>
      only === undefined ? { pattern, maxLength } : { enum: [only] },
    );
    return { type: 'string', ...rest, anyOf: values };
  }
  throw new TypeError(`${path}: a union of ${forms.map(({ type }) => type).join(', ')}, and no form for objects`);
}

/** An object that has what each form has; which go together is a rule's matter. */
function merged(forms: readonly Structural[]): Structural {
  const properties: Record<string, Structural> = {};
  for (const form of forms) {
    for (const [name, each] of Object.entries(form.properties ?? {})) {
      const known = properties[name];
      properties[name] = known === undefined ? each : eitherOf(known, each);
    }
  }
  const [first, ...others] = forms.map(({ required = [] }) => required);
  const required = (first ?? []).filter((name) => others.every((other) => other.includes(name)));
  const isChecked = forms.some((form) => form[CHECKED] === true);
  return { type: 'object', properties, required, ...(isChecked && { [CHECKED]: true }) };
}

function eitherOf(a: Structural, b: Structural): Structural {
  if (a['const'] === undefined || b['const'] === undefined) return a;
  return { type: 'string', enum: [a['const'], b['const']] };
}
