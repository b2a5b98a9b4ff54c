import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { ListenAddress } from '../../src/listen/address.ts';
import { RawClient } from '../grpc/client.ts';
import { data, headers, ids, message, PREFACE, rstStream, settings } from './raw-client.ts';

const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';

/** Does something again and again until told to stop. */
export async function repeat(isOver: () => boolean, pauseMs: number, act: () => Promise<void> | void): Promise<void> {
  while (!isOver()) {
    await act();
    await sleep(pauseMs);
  }
}

/** Opens Checks, leaves some unfinished, cancels some, and is gone with the first answer. */
export function leaveRudely(port: number, check: Uint8Array): void {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const [first = 1, second = 3, third = 5, fourth = 7] = ids(4);
  socket.write(
    Buffer.concat([
      PREFACE,
      settings(),
      // Half a message, and half a Check that is cancelled.
      headers(first, CHECK_PATH),
      data(first, message(check).subarray(0, 500), 0),
      headers(second, CHECK_PATH),
      data(second, message(check).subarray(0, 300), 0),
      rstStream(second),
      // Whole ones, the first of them cancelled behind its back.
      headers(third, CHECK_PATH),
      data(third, message(check)),
      rstStream(third),
      headers(fourth, CHECK_PATH),
      data(fourth, message(check)),
    ]),
  );
  socket.once('data', () => socket.destroy());
  setTimeout(() => socket.destroy(), 1000).unref();
}

/** Watches health on a connection of its own and cancels after the first answer. */
export async function watchHealth(address: ListenAddress): Promise<void> {
  const client = new RawClient(address);
  try {
    const stream = client.serverStream('/grpc.health.v1.Health/Watch');
    // The cancelling ends it with an error.
    const ended = new Promise((resolve) => {
      stream.on('error', resolve);
    });
    await once(stream, 'data');
    stream.cancel();
    await ended;
  } finally {
    client.close();
  }
}

/** The gRPC code in the answer to a Check; the call itself must succeed. */
export async function askOnce(client: RawClient, check: Uint8Array, timeoutMs = 10_000): Promise<number> {
  const answer = await client.unary(CHECK_PATH, check, { timeoutMs });
  return fromBinary(CheckResponseSchema, answer).status?.code ?? 0;
}
