import type { ProtoReader } from './proto-reader.ts';
import { Span } from './wire-check.ts';
import type { WireCheck } from './wire-check.ts';

/** Reads an `AttributeContext.Peer`: the source of the request. */
export function readPeer(reader: ProtoReader, end: number, check: WireCheck): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 0x0a: // address
        readAddress(reader, reader.block(end), check);
        break;
      case 0x22: // principal
      case 0x2a: // certificate
        reader.span(check.spans, tag === 0x22 ? Span.principal : Span.certificate, end);
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
