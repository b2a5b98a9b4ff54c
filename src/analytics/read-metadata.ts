import type { ProtoReader } from '../envoy/proto-reader.ts';
import { FIRST_OF_METADATA, Span } from './entry.ts';
import type { Entry } from './entry.ts';
import { isText, placeOf, placesOf, readPair } from './map-entry.ts';

/** The names under which Envoy keeps our answer to a Check of a request, and of a connection. */
const HTTP = Buffer.from('envoy.filters.http.ext_authz');
const NETWORK = Buffer.from('envoy.filters.network.ext_authz');

/** A number that Envoy adds to the fields of our answer. */
const CHECK_DURATION = Buffer.from('ext_authz_duration');

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
    const tag = reader.tag(structEnd);
    if (tag === 0x0a) readField(reader, reader.block(structEnd), entry);
    else reader.skip(tag, structEnd);
  }
  reader.position = end;
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
