import { readdirSync, readFileSync } from 'node:fs';
import { Flag, FrameType, Setting } from '../../src/http2/frame.ts';
import {
  block,
  data,
  frame,
  headers,
  message,
  PREFACE,
  requestFields,
  rstStream,
  settings,
  uint,
  windowUpdate,
} from './raw-client.ts';

/** What a client said on one connection, from its preface on. */
export interface Session {
  readonly name: string;
  readonly octets: Buffer;
}

const CHECK = '/envoy.service.auth.v3.Authorization/Check';
const BIDI = '/test.Echo/Bidi';

/** Recorded from real clients: Envoy, grpc-js, grpcurl, ghz, h2load, nghttp, curl. */
export function recordedSessions(): Session[] {
  const folder = new URL('corpus/', import.meta.url);
  return readdirSync(folder).map((name) => ({
    name,
    octets: Buffer.from(readFileSync(new URL(name, folder), 'utf8').replaceAll(/\s/g, ''), 'hex'),
  }));
}

/** Written by hand, for the corners that no polite client visits. */
export function craftedSessions(): Session[] {
  const request = message(Buffer.from('a request of some length'));
  const padded = Buffer.concat([uint(3, 1), request, Buffer.alloc(3)]);
  const fields = block(requestFields(CHECK));
  return [
    [
      'split over CONTINUATION',
      headers(1, CHECK, 0),
      frame(FrameType.continuation, 0, 1, Buffer.alloc(0)),
      frame(FrameType.continuation, Flag.endHeaders, 1, block({ 'x-more': 'y' })),
      data(1, request),
    ],
    [
      'padded, with a priority',
      frame(
        FrameType.headers,
        Flag.endHeaders | Flag.priority | Flag.padded,
        1,
        Buffer.concat([uint(2, 1), uint(3, 4), uint(9, 1), fields, Buffer.alloc(2)]),
      ),
      data(1, padded, Flag.endStream | Flag.padded),
    ],
    [
      'request trailers',
      headers(1, CHECK),
      data(1, request, 0),
      frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, block({ 'x-trailer': 'z' })),
    ],
    [
      'a message in many frames',
      headers(1, CHECK),
      ...[...request].map((octet) => data(1, Buffer.from([octet]), 0)),
      data(1, Buffer.alloc(0)),
    ],
    [
      'small windows',
      settings([Setting.initialWindowSize, 3], [Setting.headerTableSize, 0]),
      headers(1, CHECK),
      data(1, request),
      windowUpdate(1, 4),
      windowUpdate(0, 1),
      settings([Setting.initialWindowSize, 70_000]),
    ],
    [
      'cancelled and slow',
      headers(1, '/test.Slow/Unary'),
      data(1, request),
      rstStream(1),
      headers(3, BIDI),
      data(3, request, 0),
      rstStream(3),
    ],
    [
      'a conversation',
      headers(1, BIDI),
      data(1, request, 0),
      headers(3, BIDI),
      data(3, Buffer.concat([request, request]), 0),
      data(1, request),
      data(3, Buffer.alloc(0)),
    ],
    [
      'deadlines and encodings',
      headers(1, CHECK, Flag.endHeaders, { 'grpc-timeout': '1m' }),
      headers(3, CHECK, Flag.endHeaders, { 'grpc-encoding': 'snappy' }),
      headers(5, CHECK, Flag.endHeaders, { 'grpc-encoding': 'gzip' }),
      data(5, message(Buffer.from('not gzip'), 1)),
      headers(7, CHECK, Flag.endHeaders, { 'content-length': '3' }),
      data(7, request),
    ],
    [
      'control',
      frame(FrameType.ping, 0, 0, Buffer.alloc(8)),
      frame(FrameType.priority, 0, 3, Buffer.alloc(5)),
      frame(0xfa, 1, 1, Buffer.alloc(20)),
      settings(),
      frame(FrameType.settings, Flag.ack, 0),
      frame(FrameType.goaway, 0, 0, Buffer.alloc(8)),
      headers(1, CHECK),
      data(1, request),
    ],
    [
      'a table in use',
      frame(FrameType.headers, Flag.endHeaders, 1, Buffer.concat([fields, Buffer.from('4003616263026465', 'hex')])),
      data(1, request),
      frame(
        FrameType.headers,
        Flag.endHeaders,
        3,
        Buffer.concat([Buffer.from('3f00', 'hex'), fields, Buffer.from('be3e', 'hex').subarray(0, 0)]),
      ),
      data(3, request),
    ],
  ].map(([name, ...octets]) => ({
    name: name as string,
    octets: Buffer.concat([PREFACE, settings(), ...(octets as Buffer[])]),
  }));
}
