import type { Check } from '../check.ts';
import { MalformedCheck, ProtoReader } from './proto-reader.ts';
import { Span, WireCheck } from './wire-check.ts';

export { MalformedCheck };

/**
 * Reads a serialised `envoy.service.auth.v3.CheckRequest` in one pass that notes where the fields
 * of a {@link Check} lie; nothing is decoded before somebody asks. The Check reads from `bytes`:
 * they must not change while it is used.
 *
 * Semantics are protobuf's: unknown fields, and known ones of another wire type, are passed over;
 * of a scalar that occurs twice the last counts; messages that occur twice are merged. What no
 * Check holds (`destination`, `metadata_context`, bodies …) is passed over without a look inside.
 * Text that is not UTF-8 is read with U+FFFD in its place.
 *
 * @throws MalformedCheck where the message can't be decoded, or fills both `headers` and `header_map`
 */
export function readCheck(bytes: Uint8Array): Check {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const check = new WireCheck(buffer);
  const reader = new ProtoReader(buffer);
  const end = buffer.length;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) readAttributes(reader, reader.block(end), check);
    else reader.skip(tag, end);
  }
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
      case 0x22: // request
        readRequest(reader, reader.block(end), check);
        break;
      case 0x52: // context_extensions
        readEntry(reader, reader.block(end), check.extensionRanges, false);
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readPeer(reader: ProtoReader, end: number, check: WireCheck): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x0a: // address
        readAddress(reader, reader.block(end), check);
        break;
      case 0x22: // principal
        reader.span(check.spans, Span.principal, end);
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readAddress(reader: ProtoReader, end: number, check: WireCheck): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x0a: // socket_address
        readSocketAddress(reader, reader.block(end), check);
        break;
      case 0x12: // pipe
      case 0x1a: // envoy_internal_address: of a oneof the last member alone counts
        reader.position = reader.block(end);
        check.spans[Span.address] = check.spans[Span.address + 1] = 0;
        check.sourcePort = 0;
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readSocketAddress(reader: ProtoReader, end: number, check: WireCheck): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x12: // address
        reader.span(check.spans, Span.address, end);
        break;
      case 0x18: // port_value
        check.sourcePort = reader.uint32(end);
        break;
      case 0x22: // named_port: the other member of the oneof
        reader.position = reader.block(end);
        check.sourcePort = 0;
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
        readEntry(reader, reader.block(end), check.headers.rangesOf('map'), false);
        break;
      case 0x22: // path
        reader.span(check.spans, Span.path, end);
        break;
      case 0x2a: // host
        reader.span(check.spans, Span.host, end);
        break;
      case 0x6a: // header_map
        readHeaderMap(reader, reader.block(end), check);
        break;
      default:
        reader.skip(tag, end);
    }
  }
}

function readHeaderMap(reader: ProtoReader, end: number, check: WireCheck): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) readEntry(reader, reader.block(end), check.headers.rangesOf('list'), true);
    else reader.skip(tag, end);
  }
}

/**
 * Appends where key and value of a map's entry lie. A `HeaderValue` is alike, but may have a
 * `raw_value` (field 3), which goes before `value`.
 */
function readEntry(reader: ProtoReader, end: number, ranges: number[], hasRawValue: boolean): void {
  if (readPlainEntry(reader, end, ranges, hasRawValue)) return;
  const at = ranges.length;
  let rawStart = 0;
  let rawEnd = 0;
  ranges.push(0, 0, 0, 0);
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) {
      reader.span(ranges, at, end);
    } else if (tag === 0x12) {
      reader.span(ranges, at + 2, end);
    } else if (tag === 0x1a && hasRawValue) {
      rawEnd = reader.block(end);
      rawStart = reader.position;
      reader.position = rawEnd;
    } else {
      reader.skip(tag, end);
    }
  }
  if (rawStart === rawEnd) return;
  ranges[at + 2] = rawStart;
  ranges[at + 3] = rawEnd;
}

/**
 * The entry as every encoder writes it: the key, then the value, and nothing else. It saves half
 * the time of {@link readEntry}, which reads all that this leaves alone.
 */
function readPlainEntry(reader: ProtoReader, end: number, ranges: number[], hasRawValue: boolean): boolean {
  const { bytes, position } = reader;
  const keyLength = bytes[position + 1] as number;
  if (bytes[position] !== 0x0a || keyLength > 0x7f) return false;
  const keyStart = position + 2;
  const keyEnd = keyStart + keyLength;
  if (bytes[keyEnd] !== (hasRawValue ? 0x1a : 0x12)) return false;
  let valueStart = keyEnd + 2;
  let valueLength = bytes[keyEnd + 1] as number;
  if (valueLength > 0x7f) {
    const high = bytes[valueStart++] as number;
    // A third byte follows, whatever it adds.
    if (high > 0x7f) return false;
    valueLength = (valueLength & 0x7f) | (high << 7);
  }
  // Whatever lay beyond the entry's end makes this differ.
  if (valueStart + valueLength !== end) return false;
  ranges.push(keyStart, keyEnd, valueStart, end);
  reader.position = end;
  return true;
}
