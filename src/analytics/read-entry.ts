import type { ProtoReader } from '../envoy/proto-reader.ts';
import { Span } from './entry.ts';
import type { Entry } from './entry.ts';

/** Under which name our answer to a Check is kept. */
const NAMESPACE = Buffer.from('envoy.filters.http.ext_authz');

/** The fields of that answer, `dynamic_metadata`, that are used. */
const FIELDS: readonly (readonly [name: Buffer, at: number])[] = [
  [Buffer.from('api'), Span.api],
  [Buffer.from('client_id'), Span.clientId],
  [Buffer.from('tier'), Span.tier],
  [Buffer.from('outcome'), Span.decision],
];

/**
 * Reads a serialised `envoy.data.accesslog.v3.HTTPAccessLogEntry`; semantics are those of `readCheck`.
 * @throws MalformedCheck if it can't be decoded
 */
export function readEntry(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x0a: // common_properties
        readCommon(reader, reader.block(end), entry);
        break;
      case 0x1a: // request
        readRequest(reader, reader.block(end), entry);
        break;
      case 0x22: // response
        readResponse(reader, reader.block(end), entry);
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readCommon(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x6a: // upstream_remote_address
        reader.position = reader.block(end);
        entry.hasUpstream = true;
        break;
      case 0x82: // response_flags
        readFlags(reader, reader.block(end), entry);
        break;
      case 0x8a: // metadata
        readMetadata(reader, reader.block(end), entry);
        break;
      case 0xba: // duration
        entry.hasDuration = true;
        readDuration(reader, reader.block(end), entry);
        break;
      case 0xd8: // intermediate_log_entry
        entry.isIntermediate = reader.uint64(end) !== 0;
        break;
      case 0x108: // access_log_type
        entry.type = reader.uint32(end) | 0;
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readFlags(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x6a) entry.isUnauthorized = true;
    reader.skip(tag, end);
  }
}

function readDuration(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x08) {
      const seconds = reader.uint64(end);
      entry.seconds = seconds >= 2 ** 63 ? -1 : seconds;
    } else if (tag === 0x10) {
      entry.nanos = reader.uint32(end) | 0;
    } else {
      reader.skip(tag, end);
    }
  }
}

function readRequest(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x08: // request_method
        entry.method = reader.uint32(end) | 0;
        break;
      case 0x58: // request_headers_bytes
        entry.requestHeaderBytes = reader.uint64(end);
        break;
      case 0x60: // request_body_bytes
        entry.requestBodyBytes = reader.uint64(end);
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readResponse(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x0a: // response_code
        readStatus(reader, reader.block(end), entry);
        break;
      case 0x10: // response_headers_bytes
        entry.responseHeaderBytes = reader.uint64(end);
        break;
      case 0x18: // response_body_bytes
        entry.responseBodyBytes = reader.uint64(end);
        break;
      case 0x32: // response_code_details
        reader.span(entry.spans, Span.details, end);
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readStatus(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x08) entry.status = reader.uint32(end);
    else reader.skip(tag, end);
  }
}

/** Of an entry of a map: where its key and its value lie. */
const outer: number[] = [0, 0, 0, 0];
const inner: number[] = [0, 0, 0, 0];

function readMetadata(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) readFilter(reader, reader.block(end), entry);
    else reader.skip(tag, end);
  }
}

/** What one filter has set; of two under one name the last one counts. */
function readFilter(reader: ProtoReader, end: number, entry: Entry): void {
  readPair(reader, end, outer);
  const [keyStart, keyEnd, start, structEnd] = outer as [number, number, number, number];
  if (!isText(reader.bytes, keyStart, keyEnd, NAMESPACE)) return;
  for (const [, at] of FIELDS) entry.spans[at] = entry.spans[at + 1] = 0;
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
  for (const [name, at] of FIELDS) {
    if (!isText(reader.bytes, keyStart, keyEnd, name)) continue;
    reader.position = start;
    readValue(reader, valueEnd, entry.spans, at);
    reader.position = end;
    return;
  }
}

/** A `google.protobuf.Value`: a text, or nothing that is used. Of its kinds the last one counts. */
function readValue(reader: ProtoReader, end: number, spans: number[], at: number): void {
  spans[at] = spans[at + 1] = 0;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x1a) {
      reader.span(spans, at, end);
      continue;
    }
    reader.skip(tag, end);
    // null_value, number_value, bool_value, struct_value, list_value
    if (tag === 0x08 || tag === 0x11 || tag === 0x20 || tag === 0x2a || tag === 0x32) spans[at] = spans[at + 1] = 0;
  }
}

function readPair(reader: ProtoReader, end: number, spans: number[]): void {
  spans.fill(0);
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) reader.span(spans, 0, end);
    else if (tag === 0x12) reader.span(spans, 2, end);
    else reader.skip(tag, end);
  }
}

function isText(bytes: Uint8Array, start: number, end: number, text: Buffer): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  return true;
}
