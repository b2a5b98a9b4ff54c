import type { ProtoReader } from '../envoy/proto-reader.ts';
import { Span } from './entry.ts';
import type { Entry } from './entry.ts';
import { placeOf, placesOf, readPair } from './map-entry.ts';
import type { Places } from './map-entry.ts';
import { readCommon } from './read-common.ts';

const REQUEST_HEADERS = placesOf([
  [':method', Span.methodHeader],
  ['traceparent', Span.traceparent],
  ['b3', Span.b3],
  ['x-b3-traceid', Span.b3TraceId],
  ['x-forwarded-client-cert', Span.forwardedCert],
]);
const RESPONSE_HEADERS = placesOf([['grpc-status', Span.grpcStatusHeader]]);
const RESPONSE_TRAILERS = placesOf([['grpc-status', Span.grpcStatusTrailer]]);

/**
 * Reads a serialised `envoy.data.accesslog.v3.HTTPAccessLogEntry`, with the semantics of `readCheck`.
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

/** Reads a serialised `envoy.data.accesslog.v3.TCPAccessLogEntry` in the same way. */
export function readTcpEntry(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x0a: // common_properties
        readCommon(reader, reader.block(end), entry);
        break;
      case 0x12: // connection_properties
        readConnection(reader, reader.block(end), entry);
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readConnection(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x08: // received_bytes
        entry.requestBodyBytes = reader.uint64(end);
        break;
      case 0x10: // sent_bytes
        entry.responseBodyBytes = reader.uint64(end);
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readRequest(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x08: // request_method
        entry.methodNumber = reader.uint32(end) | 0;
        break;
      case 0x1a: // authority
        reader.span(entry.spans, Span.authority, end);
        break;
      case 0x2a: // path
        reader.span(entry.spans, Span.path, end);
        break;
      case 0x32: // user_agent
        reader.span(entry.spans, Span.userAgent, end);
        break;
      case 0x4a: // request_id
        reader.span(entry.spans, Span.requestId, end);
        break;
      case 0x52: // original_path
        reader.span(entry.spans, Span.originalPath, end);
        break;
      case 0x58: // request_headers_bytes
        entry.requestHeaderBytes = reader.uint64(end);
        break;
      case 0x60: // request_body_bytes
        entry.requestBodyBytes = reader.uint64(end);
        break;
      case 0x6a: // request_headers
        readHeader(reader, reader.block(end), entry, REQUEST_HEADERS);
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
      case 0x22: // response_headers
        readHeader(reader, reader.block(end), entry, RESPONSE_HEADERS);
        break;
      case 0x2a: // response_trailers
        readHeader(reader, reader.block(end), entry, RESPONSE_TRAILERS);
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

const pair: number[] = [0, 0, 0, 0];

function readHeader(reader: ProtoReader, end: number, entry: Entry, wanted: Places): void {
  readPair(reader, end, pair);
  const [keyStart, keyEnd, start, valueEnd] = pair as [number, number, number, number];
  const at = placeOf(wanted, reader.bytes, keyStart, keyEnd);
  if (at < 0) return;
  entry.spans[at] = start;
  entry.spans[at + 1] = valueEnd;
}
