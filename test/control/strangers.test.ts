import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LogInRequestSchema } from '../../gen/ostiary/v1/people_pb.js';
import { Code } from '../../src/grpc/rpc.ts';
import { RawClient } from '../grpc/client.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

let control: RealControlPlane;
let client: RawClient;
beforeAll(async () => {
  control = await startControlPlane(join(scratchFolder('strangers'), 'data'));
  client = new RawClient({ kind: 'tcp', host: '127.0.0.1', port: Number(new URL(control.url).port) });
});
afterAll(async () => {
  client?.close();
  await control?.stop();
});

function codeOf(path: string, message: Uint8Array): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const call = client.bidi(path, {});
  call.on('error', () => {});
  call.on('status', ({ code }: { readonly code: number }) => resolve(code));
  call.resume();
  call.end(Buffer.from(message));
  return promise;
}

test('a large request that anybody may send is refused before it is read', async () => {
  const request = { name: 'olga', password: 'x'.repeat(1024 * 1024) };
  const body = JSON.stringify(request);
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${control.url}/ostiary.v1.PeopleService/LogIn`, { method: 'POST', headers, body });
  expect([answer.status, await answer.json()]).toEqual([429, expect.objectContaining({ code: 'resource_exhausted' })]);
  const message = toBinary(LogInRequestSchema, create(LogInRequestSchema, request));
  expect(await codeOf('/ostiary.v1.PeopleService/LogIn', message)).toBe(Code.resourceExhausted);
});

test('nothing is read of a request whose sender may not call', async () => {
  const unreadable = Buffer.from([0x0a, 0xff, 0xff]);
  expect(await codeOf('/ostiary.v1.ResourceService/Apply', unreadable)).toBe(Code.unauthenticated);
});

test('however many logins and pages are asked for and never sent, calls have room of their own', async () => {
  const { host, port } = new URL(control.url);
  const begun = `POST /login HTTP/1.1\r\nhost: ${host}\r\norigin: ${control.url}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 3000\r\n\r\nname=`;
  const sockets: Socket[] = [];
  const statuses = new Set<number>();
  const asked = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  try {
    for (let round = 0; round < 30; round++) {
      for (let at = 0; at < 40; at++) {
        const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
        socket.write(begun);
        sockets.push(socket);
      }
      // Of somebody who has not said who they are.
      statuses.add((await fetch(`${control.url}/ostiary.v1.CatalogService/Search`, asked)).status);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  expect([...statuses]).toEqual([401]);
});

test('where the file with the first token lies is told to nobody who comes by a proxy', async () => {
  const page = async ({ url }: RealControlPlane): Promise<string> => (await fetch(`${url}/login`)).text();
  expect(await page(control)).toContain('bootstrap-token');
  for (const [name, args] of Object.entries({
    published: ['--public-url', 'https://ostiary.example.com'],
    proxied: ['--control-trusted-proxies', '127.0.0.0/8'],
  })) {
    const plane = await startControlPlane(join(scratchFolder(name), 'data'), undefined, { args });
    const told = await page(plane);
    await plane.stop();
    expect([told.includes('First token'), told.includes('bootstrap-token')], name).toEqual([true, false]);
  }
});
