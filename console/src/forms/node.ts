/** JSON Schema, as far as schemas of documents use it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly writeOnly?: boolean;
}

/** What a form shows of a value: one input, or several below each other. */
export type FormNode =
  | { readonly kind: 'text'; readonly isSecret: boolean; readonly isLong: boolean }
  | {
      readonly kind: 'number';
      readonly isWhole: boolean;
      readonly least: number | undefined;
      readonly most: number | undefined;
    }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly values: readonly unknown[] }
  /** Text, a number, or yes and no: as it is typed. */
  | { readonly kind: 'scalar' }
  | { readonly kind: 'many'; readonly values: readonly unknown[] }
  | { readonly kind: 'list'; readonly item: FormNode }
  | { readonly kind: 'map'; readonly value: FormNode }
  | { readonly kind: 'group'; readonly fields: readonly FormField[] }
  | { readonly kind: 'either'; readonly options: readonly FormNode[] }
  /** Whatever else: typed as JSON. */
  | { readonly kind: 'any' };

export interface FormField {
  readonly name: string;
  readonly help: string;
  readonly isRequired: boolean;
  /** What holds while the field is left out. */
  readonly ifAbsent: unknown;
  readonly node: FormNode;
}

/** Texts that may be longer are given several lines. */
const SHORT = 3000;

export function nodeOf(schema: Schema): FormNode {
  if (schema.const !== undefined) return { kind: 'choice', values: [schema.const] };
  if (schema.enum !== undefined) return { kind: 'choice', values: schema.enum };
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return eitherOf(alternatives);
  if (Array.isArray(schema.type)) return { kind: 'scalar' };
  switch (schema.type) {
    case 'string':
      return { kind: 'text', isSecret: schema.writeOnly === true, isLong: (schema.maxLength ?? 0) > SHORT };
    case 'integer':
    case 'number':
      return { kind: 'number', isWhole: schema.type === 'integer', least: schema.minimum, most: most(schema) };
    case 'boolean':
      return { kind: 'switch' };
    case 'array': {
      const item = nodeOf(schema.items ?? {});
      return item.kind === 'choice' ? { kind: 'many', values: item.values } : { kind: 'list', item };
    }
    case 'object':
      return objectOf(schema);
    default:
      return schema.properties === undefined ? { kind: 'any' } : objectOf(schema);
  }
}

/** A largest number that is only what a computer can hold is not worth saying. */
function most({ maximum }: Schema): number | undefined {
  return maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
}

function objectOf({ additionalProperties, properties, required = [] }: Schema): FormNode {
  if (properties === undefined || Object.keys(properties).length === 0) {
    if (typeof additionalProperties !== 'object') return { kind: 'any' };
    return { kind: 'map', value: nodeOf(additionalProperties) };
  }
  return {
    kind: 'group',
    fields: Object.entries(properties).map(([name, schema]) => ({
      name,
      help: schema.description ?? '',
      isRequired: required.includes(name) && schema.default === undefined,
      ifAbsent: schema.default,
      node: nodeOf(schema),
    })),
  };
}

function eitherOf(alternatives: readonly Schema[]): FormNode {
  const options = alternatives.map(nodeOf).flatMap((node) => (node.kind === 'either' ? node.options : [node]));
  const [only] = options;
  if (options.length === 1 && only !== undefined) return only;
  if (options.every((node) => node.kind === 'choice')) {
    return { kind: 'choice', values: options.flatMap((node) => (node.kind === 'choice' ? node.values : [])) };
  }
  return { kind: 'either', options };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value looks as the node's values do, as far as is needed to tell alternatives apart. */
export function accepts(node: FormNode, value: unknown): boolean {
  switch (node.kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'switch':
      return typeof value === 'boolean';
    case 'choice':
      return node.values.includes(value);
    case 'scalar':
      return ['string', 'number', 'boolean'].includes(typeof value);
    case 'many':
      return Array.isArray(value) && value.every((each) => node.values.includes(each));
    case 'list':
      return Array.isArray(value) && value.every((each) => accepts(node.item, each));
    case 'map':
      return isRecord(value) && Object.values(value).every((each) => accepts(node.value, each));
    case 'group':
      return isRecord(value) && Object.keys(value).every((key) => node.fields.some(({ name }) => name === key));
    case 'either':
      return node.options.some((option) => accepts(option, value));
    default:
      return true;
  }
}

/** The alternative that a value is of; -1: of none. */
export function chosenOf(options: readonly FormNode[], value: unknown): number {
  return options.findIndex((option) => accepts(option, value));
}

/** What a new item, or an alternative just chosen, begins as. */
export function blankOf(node: FormNode): unknown {
  switch (node.kind) {
    case 'number':
      return node.least ?? 0;
    case 'switch':
      return false;
    case 'choice':
      return node.values[0];
    case 'many':
    case 'list':
      return [];
    case 'map':
      return {};
    case 'group':
      return Object.fromEntries(
        node.fields.filter(({ isRequired }) => isRequired).map((field) => [field.name, blankOf(field.node)]),
      );
    case 'either':
      return node.options[0] && blankOf(node.options[0]);
    case 'any':
      return null;
    default:
      return '';
  }
}
