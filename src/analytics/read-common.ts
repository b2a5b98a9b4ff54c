import type { ProtoReader } from '../envoy/proto-reader.ts';
import { Port, Span, Time } from './entry.ts';
import type { Entry } from './entry.ts';
import { readMetadata } from './read-metadata.ts';

/** Reads an `envoy.data.accesslog.v3.AccessLogCommon`. */
export function readCommon(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x12: // downstream_remote_address
        readAddress(reader, reader.block(end), entry, Span.remoteAddress, Port.remote);
        break;
      case 0x1a: // downstream_local_address
        readAddress(reader, reader.block(end), entry, Span.localAddress, Port.local);
        break;
      case 0x22: // tls_properties
        readTls(reader, reader.block(end), entry);
        break;
      case 0x2a: // start_time
        readTime(reader, reader.block(end), entry.times, Time.start);
        break;
      case 0x3a: // time_to_first_upstream_tx_byte
        readTime(reader, reader.block(end), entry.times, Time.upstreamSent);
        break;
      case 0x4a: // time_to_first_upstream_rx_byte
        readTime(reader, reader.block(end), entry.times, Time.upstreamReceived);
        break;
      case 0x6a: // upstream_remote_address
        entry.hasUpstream = true;
        readAddress(reader, reader.block(end), entry, Span.upstreamAddress, Port.upstream);
        break;
      case 0x7a: // upstream_cluster
        reader.span(entry.spans, Span.cluster, end);
        break;
      case 0x82: // response_flags
        readFlags(reader, reader.block(end), entry);
        break;
      case 0x8a: // metadata
        readMetadata(reader, reader.block(end), entry);
        break;
      case 0xba: // duration
        readTime(reader, reader.block(end), entry.times, Time.duration);
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

/**
 * Reads an `envoy.config.core.v3.Address`: only that of a socket is used. If there are several kinds, the last one
 * counts.
 */
function readAddress(reader: ProtoReader, end: number, entry: Entry, at: number, port: number): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) {
      readSocketAddress(reader, reader.block(end), entry, at, port);
      continue;
    }
    reader.skip(tag, end);
    // pipe, envoy_internal_address
    if (tag === 0x12 || tag === 0x1a) entry.spans[at] = entry.spans[at + 1] = entry.ports[port] = 0;
  }
}

function readSocketAddress(reader: ProtoReader, end: number, entry: Entry, at: number, port: number): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x12) reader.span(entry.spans, at, end);
    else if (tag === 0x18) entry.ports[port] = reader.uint32(end);
    else {
      reader.skip(tag, end);
      // named_port
      if (tag === 0x22) entry.ports[port] = 0;
    }
  }
}

/** Reads a `google.protobuf.Timestamp` or a `google.protobuf.Duration`, which have the same encoding. */
function readTime(reader: ProtoReader, end: number, times: number[], at: number): void {
  times[at] = 1;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x08) {
      const seconds = reader.uint64(end);
      times[at + 1] = seconds >= 2 ** 63 ? -1 : seconds;
    } else if (tag === 0x10) {
      times[at + 2] = reader.uint32(end) | 0;
    } else {
      reader.skip(tag, end);
    }
  }
}

/** The highest field number of `ResponseFlags` that has a name here. */
const LAST_FLAG = 28;

/** All fields of `ResponseFlags` are booleans but `unauthorized_details`, a message that is present or not. */
function readFlags(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    const number = tag >>> 3;
    const isBoolean = (tag & 7) === 0 && number <= LAST_FLAG && number !== 13;
    if (isBoolean) {
      if (reader.uint64(end) === 0) entry.flags &= ~(1 << number);
      else entry.flags |= 1 << number;
      continue;
    }
    if (tag === 0x6a) entry.flags |= 1 << 13;
    reader.skip(tag, end);
  }
}

function readTls(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x2a) readPeerCertificate(reader, reader.block(end), entry);
    else reader.skip(tag, end);
  }
}

function readPeerCertificate(reader: ProtoReader, end: number, entry: Entry): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) readAlternativeName(reader, reader.block(end), entry.spans);
    else reader.skip(tag, end);
  }
}

const name: number[] = [0, 0];

/** Keeps the first URI: a SPIFFE certificate has only one. */
function readAlternativeName(reader: ProtoReader, end: number, spans: number[]): void {
  name[0] = name[1] = 0;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) {
      reader.span(name, 0, end);
      continue;
    }
    reader.skip(tag, end);
    // dns: of several kinds of names, the last one counts.
    if (tag === 0x12) name[0] = name[1] = 0;
  }
  if (spans[Span.peerUri] !== spans[Span.peerUri + 1]) return;
  spans[Span.peerUri] = name[0];
  spans[Span.peerUri + 1] = name[1];
}
