import { ScalarType } from '@bufbuild/protobuf';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** One field as it lies on the wire; a group is not taken apart. */
interface WireRecord {
  readonly number: number;
  readonly type: WireType;
  /** Without the tag and, of a block, without its length. */
  readonly payload: Uint8Array;
}

/** @throws where the bytes are not a whole message, or a length is written in more than 5 bytes */
function toRecords(message: Uint8Array): WireRecord[] {
  const reader = new BinaryReader(message);
  const records: WireRecord[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.LengthDelimited) {
      const start = reader.pos;
      const payload = reader.bytes();
      if (reader.pos - start - payload.length > 5) throw new Error('an overlong length');
      records.push({ number, type, payload });
    } else {
      records.push({ number, type, payload: reader.skip(type, number) });
    }
  }
  return records;
}

function fromRecords(records: readonly WireRecord[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { number, type, payload } of records) {
    writer.tag(number, type);
    if (type === WireType.LengthDelimited) writer.bytes(payload);
    else writer.raw(payload);
  }
  return writer.finish();
}

/** The message type that a field's block holds, if it holds one and is not a map's entry. */
function messageIn(field: DescField | undefined): DescMessage | undefined {
  if (field?.fieldKind === 'message') return field.message;
  return field?.fieldKind === 'list' && field.listKind === 'message' ? field.message : undefined;
}

/**
 * Whether the rules are kept that protobuf-es does not look at: a known field has its own wire
 * type, no message reaches past the one that holds it, no varint is longer than 10 bytes.
 */
export function keepsTheRules(type: DescMessage, message: Uint8Array): boolean {
  try {
    return toRecords(message).every((record) => {
      const field = type.fields.find((one) => one.number === record.number);
      if (!isShort(record)) return false;
      if (field === undefined) return true;
      if (record.type !== wireTypeOf(field)) return false;
      if (field.fieldKind === 'map') return entryKeepsTheRules(field, record.payload);
      const inner = messageIn(field);
      return inner === undefined || keepsTheRules(inner, record.payload);
    });
  } catch {
    return false;
  }
}

/** Every map below a CheckRequest has strings for keys, and strings or messages for values. */
function entryKeepsTheRules(field: DescField & { fieldKind: 'map' }, entry: Uint8Array): boolean {
  return toRecords(entry).every((record) => {
    if (record.number > 2) return isShort(record);
    if (record.type !== WireType.LengthDelimited) return false;
    return record.number === 1 || field.mapKind !== 'message' || keepsTheRules(field.message, record.payload);
  });
}

function isShort({ type, payload }: WireRecord): boolean {
  return type !== WireType.Varint || payload.length <= 10;
}

function wireTypeOf(field: DescField): WireType {
  if (field.fieldKind === 'enum') return WireType.Varint;
  if (field.fieldKind !== 'scalar') return WireType.LengthDelimited;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
      return WireType.Bit64;
    default:
      return WireType.Varint;
  }
}

const unknownFields: readonly WireRecord[] = [
  {
    number: 15,
    type: WireType.Varint,
    payload: Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
  },
  { number: 1000, type: WireType.LengthDelimited, payload: Uint8Array.of(1, 2, 3) },
  { number: 16, type: WireType.Bit64, payload: new Uint8Array(8) },
  { number: 17, type: WireType.Bit32, payload: new Uint8Array(4) },
  // Group 18 with a varint and group 19 inside.
  { number: 18, type: WireType.StartGroup, payload: Uint8Array.of(8, 1, 0x9b, 1, 0x9c, 1, 0x94, 1) },
];

/** Shuffles, repeats and adds fields of a message and of those inside it, as `choices` says. */
export function scramble(type: DescMessage, message: Uint8Array, choices: Iterator<number>): Uint8Array {
  const choose = (options: number): number => (choices.next().value as number) % options;
  const records: WireRecord[] = [];
  for (const record of toRecords(message)) {
    const inner = messageIn(type.fields.find(({ number }) => number === record.number));
    const payload = inner === undefined ? record.payload : scramble(inner, record.payload, choices);
    const place = choose(records.length + 1);
    records.splice(choose(3) === 0 ? place : records.length, 0, { ...record, payload });
    if (choose(6) === 0) records.splice(choose(records.length), 0, record);
    if (choose(6) === 0) records.push(unknownFields[choose(unknownFields.length)] as WireRecord);
  }
  return fromRecords(records);
}
