/** What a hostile client does to one listener, each a function that lasts until its connections are closed. */
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { ServerReflectionRequestSchema } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { Flag, FrameType } from '../../src/http2/frame.ts';
import { data, frame, headers, ids, message, PREFACE, settings, uint } from '../http2/raw-client.ts';

const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';
const WATCH_PATH = '/grpc.health.v1.Health/Watch';
const REFLECTION_PATH = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';

/** Everything an attack holds open. */
export class Held {
  readonly sockets: Socket[] = [];
  readonly sessions: ClientHttp2Session[] = [];

  close(): void {
    for (const session of this.sessions) session.destroy();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** A connection that never reads what it is answered. */
async function deafSocket(port: number, held: Held): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  held.sockets.push(socket);
  await once(socket, 'connect').catch(() => {});
  return socket;
}

async function openSocket(port: number, held: Held): Promise<Socket> {
  const socket = await deafSocket(port, held);
  socket.resume();
  return socket;
}

/** A connection of Node's client, which keeps to flow control. */
function openSession(port: number, held: Held): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  held.sessions.push(session);
  return session;
}

export type Attack = (port: number, held: Held, seconds: number) => Promise<void>;

/** 60 connections that each send 16 MiB of messages and finish none. */
export const unfinishedMessages: Attack = async (port, held) => {
  const announced = Buffer.concat([Buffer.from([0]), uint(4 * 1024 * 1024, 4)]);
  const most = Buffer.alloc(3_300_000, 'x');
  for (let i = 0; i < 60; i++) {
    const session = openSession(port, held);
    for (let call = 0; call < 5; call++) {
      const stream = session.request({
        ':method': 'POST',
        ':path': CHECK_PATH,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => {});
      stream.resume();
      stream.write(announced);
      stream.write(most);
    }
    await sleep(20);
  }
};

/** 60 connections with 1,024 health Watches each. */
export const watches: Attack = async (port, held) => {
  const watch = (id: number): Buffer => Buffer.concat([headers(id, WATCH_PATH), data(id, message(Buffer.alloc(0)))]);
  const all = Buffer.concat(ids(1024).map(watch));
  for (let i = 0; i < 60; i++) {
    const socket = await openSocket(port, held);
    socket.write(Buffer.concat([PREFACE, settings(), all]));
    await sleep(10);
  }
};

/** 20 connections that ask for descriptors and let no octet of an answer through. */
export const unreadReflection: Attack = async (port, held) => {
  const ask = message(
    toBinary(
      ServerReflectionRequestSchema,
      create(ServerReflectionRequestSchema, {
        messageRequest: { case: 'fileContainingSymbol', value: 'envoy.service.auth.v3.Authorization' },
      }),
    ),
  );
  const initialWindowSize = 4;
  for (let i = 0; i < 20; i++) {
    const socket = await openSocket(port, held);
    socket.write(Buffer.concat([PREFACE, settings([initialWindowSize, 0])]));
    for (const id of ids(200)) socket.write(Buffer.concat([headers(id, REFLECTION_PATH), data(id, ask, 0)]));
    await sleep(10);
  }
};

/** Fresh connections without end, each with messages of 4 kB that unpack to 4 MiB. */
export const gzipFromFreshConnections: Attack = async (port, held, seconds) => {
  const bomb = message(gzipSync(Buffer.alloc(4 * 1024 * 1024 - 100)), 1);
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const socket = await openSocket(port, held);
    const calls = ids(40).map((id) =>
      Buffer.concat([headers(id, CHECK_PATH, Flag.endHeaders, { 'grpc-encoding': 'gzip' }), data(id, bomb)]),
    );
    socket.write(Buffer.concat([PREFACE, settings(), ...calls]));
    await sleep(50);
    socket.end();
  }
};

/** 300 such messages in one call of one connection. */
export const gzipInOneCall: Attack = async (port, held) => {
  const bomb = message(gzipSync(Buffer.alloc(4 * 1024 * 1024 - 100)), 1);
  const stream = openSession(port, held).request({
    ':method': 'POST',
    ':path': REFLECTION_PATH,
    'content-type': 'application/grpc',
    'grpc-encoding': 'gzip',
    te: 'trailers',
  });
  stream.on('error', () => {});
  stream.resume();
  stream.write(Buffer.concat(Array.from({ length: 300 }, () => bomb)));
  await sleep(100);
};

/** 100 connections with 1,000 calls each that never say more than their HEADERS. */
export const headersAlone: Attack = async (port, held) => {
  const all = Buffer.concat(ids(1000).map((id) => headers(id, CHECK_PATH)));
  for (let i = 0; i < 100; i++) {
    const socket = await openSocket(port, held);
    socket.write(Buffer.concat([PREFACE, settings(), all]));
    await sleep(10);
  }
};

/** 300 connections that each keep a header block and a buffer for reading half full. */
export const unfinishedBlocks: Attack = async (port, held) => {
  const junk = frame(0x42, 0, 0, Buffer.alloc(16_384));
  const begun = frame(FrameType.headers, 0, 1, Buffer.alloc(16_000));
  const going = frame(FrameType.continuation, 0, 1, Buffer.alloc(16_000));
  const half = frame(FrameType.continuation, 0, 1, Buffer.alloc(12_000), 16_000);
  for (let i = 0; i < 300; i++) {
    const socket = await openSocket(port, held);
    socket.write(Buffer.concat([PREFACE, settings(), ...Array.from({ length: 20 }, () => junk), begun, going, half]));
    await sleep(5);
  }
};

/** 100 connections that ask for 4,000 answers each and read none. */
export const unreadAnswers: Attack = async (port, held) => {
  const windows = Buffer.concat([settings([4, 2 ** 30]), frame(FrameType.windowUpdate, 0, 0, uint(2 ** 30, 4))]);
  for (let i = 0; i < 100; i++) {
    const socket = await deafSocket(port, held);
    socket.write(Buffer.concat([PREFACE, windows]));
    for (let from = 0; from < 4; from++) {
      const asked = ids(10_000).slice(from * 1000, from * 1000 + 1000);
      socket.write(
        Buffer.concat(asked.map((id) => Buffer.concat([headers(id, CHECK_PATH), data(id, message(Buffer.alloc(0)))]))),
      );
    }
    await sleep(5);
  }
};

/** 150 connections of HTTP/1.1 that each send most of a body of 4 MiB, and 50 of HTTP/2 with ten. */
export const unfinishedBodies: Attack = async (port, held) => {
  const body = Buffer.alloc(4 * 1024 * 1024 - 1000, ' ');
  const head = `POST /ostiary.v1.InspectionService/ListApis HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length + 500}\r\n\r\n`;
  for (let i = 0; i < 150; i++) {
    const socket = await openSocket(port, held);
    socket.write(head);
    socket.write(body);
    await sleep(10);
  }
  for (let i = 0; i < 50; i++) {
    const session = openSession(port, held);
    for (let call = 0; call < 10; call++) {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/ostiary.v1.InspectionService/ListApis',
        'content-type': 'application/json',
      });
      stream.on('error', () => {});
      stream.resume();
      stream.write(body);
    }
    await sleep(10);
  }
};

/** Connections that never say anything. */
export const idleConnections =
  (count: number): Attack =>
  async (port, held) => {
    for (let i = 0; i < count; i++) await openSocket(port, held);
  };

export const grpcAttacks: Readonly<Record<string, Attack>> = {
  unfinishedMessages,
  watches,
  unreadReflection,
  gzipFromFreshConnections,
  gzipInOneCall,
  headersAlone,
  unfinishedBlocks,
  unreadAnswers,
  idleConnections: idleConnections(1000),
};

export const apiAttacks: Readonly<Record<string, Attack>> = { unfinishedBodies, watches, unreadReflection };
