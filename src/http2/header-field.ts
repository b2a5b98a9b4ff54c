import { TRACE_FIELDS } from '../grpc/rpc.ts';

/** The meaning of a field to a server, determined once when the field is first decoded. */
export const FieldKind = {
  regular: 0,
  /** Makes its message malformed in any place (RFC 9113, 8.2 and 8.3). */
  malformed: 1,
  method: 2,
  scheme: 3,
  path: 4,
  authority: 5,
  contentType: 6,
  contentLength: 7,
  grpcTimeout: 8,
  grpcEncoding: 9,
  te: 10,
  /** Carries a trace's context: one of {@link TRACE_FIELDS}. */
  traceContext: 11,
  authorization: 12,
} as const;
export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind];

/** One immutable header field, so that an HPACK index costs only a look-up. */
export class HeaderField {
  /** Octets as latin1. */
  readonly name: string;
  /** Octets as latin1. */
  readonly value: string;
  /** Octets of name and value and 32 more (RFC 7541, 4.1). */
  readonly size: number;
  readonly kind: FieldKind;
  /** What the name alone says. */
  readonly #nameKind: FieldKind;

  /**
   * @param nameKind known if the name comes from another field: judging a long name again costs more work than its
   * index costs the peer
   */
  constructor(name: string, value: string, nameKind: FieldKind = kindOfName(name)) {
    this.name = name;
    this.value = value;
    this.size = name.length + value.length + 32;
    this.#nameKind = nameKind;
    this.kind = kindOf(nameKind, value);
  }

  /** The same name with another value. */
  withValue(value: string): HeaderField {
    return new HeaderField(this.name, value, this.#nameKind);
  }
}

const KIND_BY_NAME = new Map<string, FieldKind>([
  [':method', FieldKind.method],
  [':scheme', FieldKind.scheme],
  [':path', FieldKind.path],
  [':authority', FieldKind.authority],
  ['content-type', FieldKind.contentType],
  ['content-length', FieldKind.contentLength],
  ['grpc-timeout', FieldKind.grpcTimeout],
  ['grpc-encoding', FieldKind.grpcEncoding],
  ['te', FieldKind.te],
  ['authorization', FieldKind.authorization],
  ...TRACE_FIELDS.map((name) => [name, FieldKind.traceContext] as const),
  // Connection-specific fields: RFC 9113, 8.2.2.
  ['connection', FieldKind.malformed],
  ['keep-alive', FieldKind.malformed],
  ['proxy-connection', FieldKind.malformed],
  ['transfer-encoding', FieldKind.malformed],
  ['upgrade', FieldKind.malformed],
]);

function kindOf(nameKind: FieldKind, value: string): FieldKind {
  if (!valueIsValid(value)) return FieldKind.malformed;
  // RFC 9113, 8.2.2: TE may say "trailers" and nothing else.
  if (nameKind === FieldKind.te) return value === 'trailers' ? FieldKind.regular : FieldKind.malformed;
  return nameKind;
}

function kindOfName(name: string): FieldKind {
  const known = KIND_BY_NAME.get(name);
  if (known !== undefined) return known;
  // Any other pseudo-header, `:status` among them, has a colon and so fails here too.
  return nameIsValid(name) ? FieldKind.regular : FieldKind.malformed;
}

/** RFC 9113, 8.2.1: no upper case, nothing at or below space, no colon, nothing at or above DEL. */
function nameIsValid(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || c === 0x3a || (c >= 0x41 && c <= 0x5a)) return false;
  }
  return name.length > 0;
}

/** RFC 9113, 8.2.1: no NUL, LF or CR; no space or tab at either end. */
function valueIsValid(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c === 0 || c === 0x0a || c === 0x0d) return false;
  }
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1));
}

function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x09;
}
