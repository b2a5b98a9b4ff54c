import type { CheckDetails } from '../request/check.ts';
import { MalformedCheck, ProtoReader } from './proto-reader.ts';

/** The deepest nesting of values: Envoy's filters write little. */
const DEEPEST_METADATA = 32;

interface Found {
  scheme: string;
  size: number;
  destinationAddress: string;
  destinationPort: number;
  destinationPrincipal: string;
  /** In the order of the message; of one name the last counts. */
  readonly metadata: (readonly [namespace: string, fields: unknown])[];
}

/** What a field holds, by its tag: field number × 8 + 2 for a block, + 0 for a varint. */
type Fields = Readonly<Record<number, (reader: ProtoReader, end: number, found: Found) => void>>;

function readFields(reader: ProtoReader, end: number, fields: Fields, found: Found): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    const read = fields[tag];
    if (read === undefined) reader.skip(tag, end);
    else read(reader, end, found);
  }
}

const block = (fields: Fields) => (reader: ProtoReader, end: number, found: Found) => {
  readFields(reader, reader.block(end), fields, found);
};

function text(reader: ProtoReader, end: number): string {
  const blockEnd = reader.block(end);
  const { position } = reader;
  reader.position = blockEnd;
  return Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset + position, blockEnd - position).toString('utf8');
}

const DESTINATION: Fields = {
  // address, of it socket_address
  0x0a: block({
    0x0a: block({
      0x12: (reader, end, found) => void (found.destinationAddress = text(reader, end)),
      0x18: (reader, end, found) => void (found.destinationPort = reader.uint32(end)),
    }),
  }),
  0x22: (reader, end, found) => void (found.destinationPrincipal = text(reader, end)),
};

const REQUEST: Fields = {
  // http
  0x12: block({
    0x32: (reader, end, found) => void (found.scheme = text(reader, end)),
    0x48: (reader, end, found) => void (found.size = Number(reader.int64(end))),
  }),
};

const METADATA: Fields = {
  // filter_metadata
  0x0a: (reader, end, found) => void found.metadata.push(readEntry(reader, reader.block(end), 0)),
};

const ATTRIBUTES: Fields = { 0x12: block(DESTINATION), 0x22: block(REQUEST), 0x5a: block(METADATA) };

const MESSAGE: Fields = { 0x0a: block(ATTRIBUTES) };

/**
 * Reads in a pass of its own what only few policies want of a Check, so that it costs the others nothing.
 * @returns undefined where it can't be decoded
 */
export function readDetails(bytes: Uint8Array): CheckDetails | undefined {
  const found: Found = {
    scheme: '',
    size: -1,
    destinationAddress: '',
    destinationPort: 0,
    destinationPrincipal: '',
    metadata: [],
  };
  try {
    readFields(new ProtoReader(bytes), bytes.length, MESSAGE, found);
  } catch (error) {
    if (error instanceof MalformedCheck) return undefined;
    throw error;
  }
  // A name such as __proto__ is one as any other.
  return { ...found, metadata: Object.fromEntries(found.metadata) };
}

/** An entry of a map whose values are a `Struct` (depth 0) or a `Value`. */
function readEntry(reader: ProtoReader, end: number, depth: number): readonly [string, unknown] {
  let key = '';
  let value: unknown = depth === 0 ? {} : null;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) key = text(reader, end);
    else if (tag === 0x12) {
      const blockEnd = reader.block(end);
      value = depth === 0 ? readStruct(reader, blockEnd, 1) : readValue(reader, blockEnd, depth);
    } else reader.skip(tag, end);
  }
  return [key, value];
}

/** `google.protobuf.Struct` */
function readStruct(reader: ProtoReader, end: number, depth: number): object {
  const entries: (readonly [string, unknown])[] = [];
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) entries.push(readEntry(reader, reader.block(end), depth));
    else reader.skip(tag, end);
  }
  return Object.fromEntries(entries);
}

/** `google.protobuf.Value` */
function readValue(reader: ProtoReader, end: number, depth: number): unknown {
  if (depth > DEEPEST_METADATA) throw new MalformedCheck('metadata is nested too deeply');
  let value: unknown = null;
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x08: // null_value
        reader.uint32(end);
        value = null;
        break;
      case 0x11: // number_value
        value = readDouble(reader, tag, end);
        break;
      case 0x1a: // string_value
        value = text(reader, end);
        break;
      case 0x20: // bool_value
        value = reader.uint32(end) !== 0;
        break;
      case 0x2a: // struct_value
        value = readStruct(reader, reader.block(end), depth + 1);
        break;
      case 0x32: // list_value
        value = readList(reader, reader.block(end), depth + 1);
        break;
      default:
        reader.skip(tag, end);
    }
  }
  return value;
}

function readDouble(reader: ProtoReader, tag: number, end: number): number {
  const at = reader.position;
  reader.skip(tag, end);
  const { buffer, byteOffset } = reader.bytes;
  return new DataView(buffer, byteOffset + at, 8).getFloat64(0, true);
}

/** `google.protobuf.ListValue` */
function readList(reader: ProtoReader, end: number, depth: number): readonly unknown[] {
  const list: unknown[] = [];
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) list.push(readValue(reader, reader.block(end), depth));
    else reader.skip(tag, end);
  }
  return list;
}
