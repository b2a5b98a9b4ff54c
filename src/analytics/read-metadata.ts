import type { ProtoReader } from '../envoy/proto-reader.ts';
import { FIRST_OF_METADATA, Span } from './entry.ts';
import type { Entry } from './entry.ts';
import { isText, placeOf, placesOf, readPair } from './map-entry.ts';

/** The names under which Envoy keeps our answer to a Check of a request, and of a connection. */
const HTTP = Buffer.from('envoy.filters.http.ext_authz');
const NETWORK = Buffer.from('envoy.filters.network.ext_authz');

/** A number that Envoy adds to the fields of our answer. */
const CHECK_DURATION = Buffer.from('ext_authz_duration');

/** Lengths below this are written in one byte. */
const SHORT = 0x80;

/** The fields of our answer's `dynamic_metadata` that are used. */
const FIELDS = placesOf([
  ['api', Span.api],
  ['client_id', Span.clientId],
  ['client_name', Span.clientName],
  ['contract', Span.contract],
  ['tier', Span.tier],
  ['policy', Span.policy],
  ['outcome', Span.decision],
  ['reason', Span.reason],
  ['shadow', Span.shadow],
  ['id', Span.id],
]);

/** Start and end of the key and the value of a map's entry. */
const outer: number[] = [0, 0, 0, 0];
const inner: number[] = [0, 0, 0, 0];

/** Reads an `envoy.config.core.v3.Metadata`. */
export function readMetadata(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) readFilter(reader, reader.block(end), entry);
    else reader.skip(tag, end);
  }
}

/** Reads what one filter has set. If a name occurs twice, the last one counts. */
function readFilter(reader: ProtoReader, end: number, entry: Entry): void {
  readPair(reader, end, outer);
  const [keyStart, keyEnd, start, structEnd] = outer as [number, number, number, number];
  if (!isText(reader.bytes, keyStart, keyEnd, entry.isTcp ? NETWORK : HTTP)) return;
  const { spans } = entry;
  for (let at: number = FIRST_OF_METADATA; at < spans.length; at++) spans[at] = 0;
  entry.checkAt = -1;
  reader.position = start;
  while (reader.position < structEnd) {
    if (readPlainText(reader, structEnd, spans)) continue;
    const tag = reader.tag(structEnd);
    if (tag === 0x0a) readField(reader, reader.block(structEnd), entry);
    else reader.skip(tag, structEnd);
  }
  reader.position = end;
}

/**
 * Reads a field that is a key and a text, written as every writer does and not long: almost all are. What follows does
 * the same for every other form.
 * @returns false if it has another form, or is not used: nothing was read
 */
function readPlainText(reader: ProtoReader, end: number, spans: number[]): boolean {
  const { bytes, position } = reader;
  const keyStart = position + 4;
  const length = bytes[position + 1] as number;
  const keyLength = bytes[position + 3] as number;
  if (bytes[position] !== 0x0a || bytes[position + 2] !== 0x0a || length >= SHORT || position + 2 + length > end)
    return false;
  const keyEnd = keyStart + keyLength;
  const textLength = bytes[keyEnd + 3] as number;
  if (bytes[keyEnd] !== 0x12 || bytes[keyEnd + 2] !== 0x1a) return false;
  if (bytes[keyEnd + 1] !== textLength + 2 || length !== keyLength + textLength + 6) return false;
  const at = placeOf(FIELDS, bytes, keyStart, keyEnd);
  if (at < 0) return false;
  spans[at] = keyEnd + 4;
  reader.position = spans[at + 1] = keyEnd + 4 + textLength;
  return true;
}

function readField(reader: ProtoReader, end: number, entry: Entry): void {
  readPair(reader, end, inner);
  const [keyStart, keyEnd, start, valueEnd] = inner as [number, number, number, number];
  const at = placeOf(FIELDS, reader.bytes, keyStart, keyEnd);
  if (at >= 0) {
    reader.position = start;
    readText(reader, valueEnd, entry.spans, at);
    reader.position = end;
    return;
  }
  if (!isText(reader.bytes, keyStart, keyEnd, CHECK_DURATION)) return;
  reader.position = start;
  entry.checkAt = placeOfNumber(reader, valueEnd);
  reader.position = end;
}

/**
 * Whether it is another kind of `google.protobuf.Value`: null_value, number_value, bool_value, struct_value,
 * list_value.
 */
function isOtherKind(tag: number): boolean {
  return tag === 0x08 || tag === 0x11 || tag === 0x20 || tag === 0x2a || tag === 0x32;
}

/** Reads a `google.protobuf.Value`: only a text is used. If there are several kinds, the last one counts. */
function readText(reader: ProtoReader, end: number, spans: number[], at: number): void {
  spans[at] = spans[at + 1] = 0;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x1a) {
      reader.span(spans, at, end);
      continue;
    }
    reader.skip(tag, end);
    if (isOtherKind(tag)) spans[at] = spans[at + 1] = 0;
  }
}

/** @returns the position of the number; −1 if the last kind is not a number */
function placeOfNumber(reader: ProtoReader, end: number): number {
  let place = -1;
  while (reader.position < end) {
    const tag = reader.tag(end);
    const start = reader.position;
    reader.skip(tag, end);
    if (tag === 0x11) place = start;
    else if (tag === 0x1a || isOtherKind(tag)) place = -1;
  }
  return place;
}
