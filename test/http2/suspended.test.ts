import { setTimeout as sleep } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { CheckRequestSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { readCheck } from '../../src/envoy/read-check.ts';
import type { Method } from '../../src/grpc/rpc.ts';
import { data, frame, headers, message, RawHttp2Client } from './raw-client.ts';
import { echo, ECHO_PATH, serve } from './serving.ts';

const bearer = (number: number): string => `Bearer ${String(number).repeat(50)}`;
const checkOf = (number: number): Uint8Array =>
  toBinary(
    CheckRequestSchema,
    create(CheckRequestSchema, {
      attributes: {
        request: {
          http: { method: 'GET', path: `/path${number}`, host: 'shop', headers: { authorization: bearer(number) } },
        },
      },
    }),
  );
const junk = frame(6, 0, 0, Buffer.alloc(8, 0x55));

describe('a Check whose handler waits', () => {
  it.each([
    { how: 'each by itself', cut: (octets: Buffer) => [octets] },
    { how: 'cut in two', cut: (octets: Buffer) => [octets.subarray(0, 300), octets.subarray(300)] },
  ])('reads its own request afterwards, whatever has been read since ($how)', async ({ cut }) => {
    const wrong: string[] = [];
    let ended = 0;
    const mayGoOn = Promise.withResolvers<void>();
    const suspended: Method = {
      kind: 'unary',
      path: '/test.Suspended/Check',
      async handle(request) {
        const check = readCheck(request);
        const copy = Buffer.from(request);
        await mayGoOn.promise;
        const number = Number(check.path.slice('/path'.length));
        // Fields are read from the octets when they are asked for.
        if (check.header('authorization') !== bearer(number) || !copy.equals(request)) wrong.push(check.path);
        ended++;
        return Buffer.alloc(0);
      },
    };
    const { port, internalErrors } = await serve([suspended, echo]);
    const client = await RawHttp2Client.open(port);
    let id = 1;
    for (let round = 0; round < 20; round++) {
      const parts: Buffer[] = [];
      for (let count = 0; count <= round % 5; count++, id += 2) {
        parts.push(headers(id, suspended.path), data(id, message(checkOf(id))));
      }
      for (const part of cut(Buffer.concat(parts))) {
        client.send(part);
        await sleep(2);
      }
      // What comes next would lie where the Checks lay.
      client.send(headers(id, ECHO_PATH), data(id, message(Buffer.alloc(3000, 0x62))), junk);
      id += 2;
      await sleep(2);
    }
    mayGoOn.resolve();
    await expect.poll(() => ended).toBe(60);
    expect(wrong).toEqual([]);
    expect(internalErrors).toEqual([]);
    client.close();
  });
});
