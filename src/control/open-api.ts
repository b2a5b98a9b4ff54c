import { ScalarType } from '@bufbuild/protobuf';
import type { DescEnum, DescField, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';

type Schema = Readonly<Record<string, unknown>>;

/** https://connectrpc.com/docs/protocol, "Error End-Stream" and unary errors. */
const CONNECT_ERROR: Schema = {
  type: 'object',
  properties: {
    code: { type: 'string', examples: ['invalid_argument', 'aborted', 'unauthenticated'] },
    message: { type: 'string' },
  },
  required: ['code'],
};

/**
 * An OpenAPI document (3.1) of what services answer over Connect in JSON: a POST to `/SERVICE/METHOD`, with messages in
 * protobuf's JSON. Streams are left out: JSON over HTTP has no form for them.
 * @param version of ostiary
 */
export function openApiOf(services: readonly DescService[], version: string): Schema {
  const schemas = new Schemas();
  const paths = services.flatMap((service) =>
    service.methods
      .filter(({ methodKind }) => methodKind === 'unary')
      .map((method) => [`/${service.typeName}/${method.name}`, { post: operationOf(service, method, schemas) }]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'ostiary control plane',
      version,
      description: 'Each method is a POST with a JSON object. Numbers of 64 bits are texts, as protobuf writes them.',
    },
    security: [{ token: [] }],
    paths: Object.fromEntries(paths) as Schema,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { ...schemas.all(), 'connect.Error': CONNECT_ERROR },
    },
  };
}

function operationOf(service: DescService, method: DescMethod, schemas: Schemas): Schema {
  const content = (schema: Schema): Schema => ({ content: { 'application/json': { schema } } });
  return {
    operationId: `${service.name}_${method.name}`,
    tags: [service.name],
    requestBody: { required: true, ...content(schemas.reference(method.input)) },
    responses: {
      '200': { description: 'done', ...content(schemas.reference(method.output)) },
      default: { description: 'refused', ...content({ $ref: '#/components/schemas/connect.Error' }) },
    },
  };
}

/** What protobuf's JSON writes in a form of its own (https://protobuf.dev/programming-guides/json). */
const WELL_KNOWN: ReadonlyMap<string, Schema> = new Map([
  ['google.protobuf.Timestamp', { type: 'string', format: 'date-time' }],
  ['google.protobuf.Duration', { type: 'string', pattern: String.raw`^-?\d+(\.\d+)?s$`, examples: ['2s'] }],
  ['google.protobuf.Struct', { type: 'object', additionalProperties: true }],
  ['google.protobuf.Value', {}],
  ['google.protobuf.ListValue', { type: 'array', items: {} }],
  ['google.protobuf.Empty', { type: 'object' }],
]);

/** The messages and enums that were referred to, each once. */
class Schemas {
  readonly #schemas = new Map<string, Schema>();

  all(): Schema {
    const entries = [...this.#schemas].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(entries);
  }

  reference(described: DescMessage | DescEnum): Schema {
    const { typeName } = described;
    const wellKnown = WELL_KNOWN.get(typeName);
    if (wellKnown !== undefined) return wellKnown;
    if (!this.#schemas.has(typeName)) {
      // Before its fields: a message may hold itself.
      this.#schemas.set(typeName, {});
      this.#schemas.set(typeName, described.kind === 'enum' ? enumSchema(described) : this.#message(described));
    }
    return { $ref: `#/components/schemas/${typeName}` };
  }

  #message(message: DescMessage): Schema {
    const properties = message.fields.map((field) => [field.jsonName, this.#field(field)]);
    return { type: 'object', properties: Object.fromEntries(properties) as Schema, additionalProperties: false };
  }

  #field(field: DescField): Schema {
    switch (field.fieldKind) {
      case 'scalar':
        return scalarSchema(field.scalar);
      case 'enum':
        return this.reference(field.enum);
      case 'message':
        return this.reference(field.message);
      case 'list':
        return { type: 'array', items: this.#element(field.scalar, field.enum, field.message) };
      default:
        return {
          type: 'object',
          additionalProperties: this.#element(field.scalar, field.enum, field.message),
        };
    }
  }

  #element(
    scalar: ScalarType | undefined,
    enumeration: DescEnum | undefined,
    message: DescMessage | undefined,
  ): Schema {
    if (scalar !== undefined) return scalarSchema(scalar);
    const described = enumeration ?? message;
    return described === undefined ? {} : this.reference(described);
  }
}

function enumSchema({ values }: DescEnum): Schema {
  return { type: 'string', enum: values.map(({ name }) => name) };
}

function scalarSchema(scalar: ScalarType): Schema {
  switch (scalar) {
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: 'string', pattern: String.raw`^-?\d+$` };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: 'integer', minimum: 0 };
    default:
      return { type: 'integer' };
  }
}
