/**
 * The messages of `grpc.health.v1.Health`, by hand: every process gets probes, and loading protobuf for these few bytes
 * would cost each process 10 MB and delay Checks while it loads.
 */
import { Code, RpcError } from './rpc.ts';

/** `HealthCheckResponse.ServingStatus`. */
const Status = { serving: 1, notServing: 2, serviceUnknown: 3 } as const;
/** Field 1 with a varint, and fields 1 and 2 with a length: `number << 3 | wire type`. */
const Tag = { status: 0x08, first: 0x0a, second: 0x12 } as const;

/** The service that a HealthCheckRequest asks for: its field 1. Fields it does not know are skipped. */
export function decodeService(request: Uint8Array): string {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = request[at++];
      if (byte === undefined) throw malformed();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed();
  };
  let service = '';
  while (at < request.length) {
    const tag = varint();
    const wireType = tag & 7;
    const field = Math.floor(tag / 8);
    if (field === 0 || tag > 0xffff_ffff || (field === 1 && tag !== Tag.first)) throw malformed();
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const end = varint() + at;
      if (end > request.length) throw malformed();
      if (tag === Tag.first) service = decodeText(request.subarray(at, end));
      at = end;
    } else throw malformed();
  }
  if (at > request.length) throw malformed();
  return service;
}

/** @param serving undefined: the service is unknown */
export function encodeStatus(serving: boolean | undefined): Uint8Array {
  if (serving === undefined) return Uint8Array.of(Tag.status, Status.serviceUnknown);
  return Uint8Array.of(Tag.status, serving ? Status.serving : Status.notServing);
}

/** A HealthListResponse: `map<string, HealthCheckResponse> statuses = 1`. */
export function encodeList(services: ReadonlyMap<string, boolean>): Uint8Array {
  const entries = [...services].map(([service, serving]) =>
    block(Tag.first, Buffer.concat([block(Tag.first, Buffer.from(service)), block(Tag.second, encodeStatus(serving))])),
  );
  return Buffer.concat(entries);
}

function block(tag: number, content: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    length.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) break;
  }
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed();
  }
}

function malformed(): RpcError {
  return new RpcError(Code.invalidArgument, 'not a grpc.health.v1.HealthCheckRequest');
}
