import type { Check } from '../request/check.ts';
import { MalformedCheck, ProtoReader } from './proto-reader.ts';
import { readPeer } from './read-peer.ts';
import { HeaderNotes } from './request-headers.ts';
import { Span, WireCheck } from './wire-check.ts';

export { MalformedCheck };

const headers = new HeaderNotes();

/**
 * Reads a serialised `envoy.service.auth.v3.CheckRequest` in one pass that notes the positions of the fields of a
 * {@link Check}; a field is decoded on first use. The Check reads from `bytes`, which must not change while it is used.
 *
 * Semantics are protobuf's: unknown fields, and known ones of another wire type, are skipped; of a scalar that occurs
 * twice the last one counts; messages that occur twice are merged. Fields that a Check does not use
 * (`metadata_context` …) are skipped unread; of `destination` it is noted where it lies, the last time it comes. Bytes that are not UTF-8 are read as U+FFFD.
 *
 * @throws MalformedCheck if the message can't be decoded, or has both `headers` and `header_map`
 */
export function readCheck(bytes: Uint8Array): Check {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const check = new WireCheck(buffer);
  headers.begin(buffer);
  const reader = new ProtoReader(buffer);
  const end = buffer.length;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) readAttributes(reader, reader.block(end), check);
    else reader.skip(tag, end);
  }
  check.headers = headers.end();
  return check;
}

/** A `case` below is a whole tag: field number × 8 + 2 for a block, + 0 for a varint. */
function readAttributes(reader: ProtoReader, end: number, check: WireCheck): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x0a: // source
        readPeer(reader, reader.block(end), check);
        break;
      case 0x12: // destination
        reader.span(check.spans, Span.destination, end);
        break;
      case 0x22: // request
        readRequest(reader, reader.block(end), check);
        break;
      case 0x52: // context_extensions
        readExtension(reader, reader.block(end), check);
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readRequest(reader: ProtoReader, end: number, check: WireCheck): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x0a: // time
        check.hasRequestTime = true;
        readTime(reader, reader.block(end), check);
        break;
      case 0x12: // http
        check.isHttp = true;
        readHttp(reader, reader.block(end), check);
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readTime(reader: ProtoReader, end: number, check: WireCheck): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x08: // seconds
        check.secondsStart = reader.position;
        reader.uint32(end);
        break;
      case 0x10: // nanos
        check.nanos = reader.uint32(end) | 0;
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readHttp(reader: ProtoReader, end: number, check: WireCheck): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x0a: // id
        reader.span(check.spans, Span.streamId, end);
        break;
      case 0x12: // method
        reader.span(check.spans, Span.method, end);
        break;
      case 0x1a: // headers
        readHeader(reader, reader.block(end), 'map');
        break;
      case 0x22: // path
        reader.span(check.spans, Span.path, end);
        break;
      case 0x2a: // host
        reader.span(check.spans, Span.host, end);
        break;
      case 0x52: // protocol
        reader.span(check.spans, Span.protocol, end);
        break;
      case 0x5a: // body
        reader.span(check.spans, Span.textBody, end);
        break;
      case 0x62: // raw_body
        reader.span(check.spans, Span.body, end);
        break;
      case 0x6a: // header_map
        readHeaderMap(reader, reader.block(end));
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readHeaderMap(reader: ProtoReader, end: number): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) readHeader(reader, reader.block(end), 'list');
    else reader.skip(tag, end);
  }
}

/** Notes where key and value of an entry lie: `entry` holds the start and end of both. */
const entry: number[] = [0, 0, 0, 0];

function readExtension(reader: ProtoReader, end: number, check: WireCheck): void {
  readEntry(reader, end, false);
  check.extensionRanges.push(...entry);
}

/**
 * All encoders write an entry in the same way: the key, then the value, and nothing else. Trying this form first saves
 * half the time of {@link readEntry}, which reads all other forms.
 */
function readHeader(reader: ProtoReader, end: number, form: 'map' | 'list'): void {
  const { bytes, position } = reader;
  const keyLength = bytes[position + 1] as number;
  const keyStart = position + 2;
  const keyEnd = keyStart + keyLength;
  if (bytes[position] === 0x0a && keyLength <= 0x7f && bytes[keyEnd] === (form === 'list' ? 0x1a : 0x12)) {
    let valueStart = keyEnd + 2;
    let valueLength = bytes[keyEnd + 1] as number;
    if (valueLength > 0x7f) {
      const high = bytes[valueStart++] as number;
      // If a third byte follows, this differs in any case.
      valueLength = high > 0x7f ? -1 : (valueLength & 0x7f) | (high << 7);
    }
    // If the value reaches beyond the entry's end, this differs.
    if (valueLength >= 0 && valueStart + valueLength === end) {
      headers.add(form, keyStart, keyEnd, valueStart, end);
      reader.position = end;
      return;
    }
  }
  readEntry(reader, end, form === 'list');
  headers.add(form, entry[0] as number, entry[1] as number, entry[2] as number, entry[3] as number);
}

/** Reads an entry of a map, or a `HeaderValue`, whose `raw_value` (field 3) takes precedence over `value`. */
function readEntry(reader: ProtoReader, end: number, hasRawValue: boolean): void {
  let rawStart = 0;
  let rawEnd = 0;
  entry.fill(0);
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) {
      reader.span(entry, 0, end);
    } else if (tag === 0x12) {
      reader.span(entry, 2, end);
    } else if (tag === 0x1a && hasRawValue) {
      rawEnd = reader.block(end);
      rawStart = reader.position;
      reader.position = rawEnd;
    } else {
      reader.skip(tag, end);
    }
  }
  if (rawStart === rawEnd) return;
  entry[2] = rawStart;
  entry[3] = rawEnd;
}
