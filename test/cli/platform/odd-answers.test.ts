import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ListResponseSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import { callServer } from '../../../src/cli/platform/server.ts';

const ANSWERS: Readonly<Record<string, readonly [status: number, body: string]>> = {
  page: [200, '<html>'],
  shape: [200, '{"resources": "none"}'],
  list: [200, '[]'],
  message: [400, JSON.stringify({ code: 'x', message: '\u001B[31mred' })],
  body: [502, '\u001B]0;title\u0007'],
};

/** Answers as its caller's token says. */
const odd = createServer((request, response) => {
  const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
  const known = ANSWERS[token];
  if (known !== undefined) {
    response.writeHead(known[0]).end(known[1]);
    return;
  }
  const block = Buffer.alloc(1024 * 1024, ' ');
  const more = (): void => {
    while (response.write(block));
  };
  response.on('drain', more).on('error', () => {});
  more();
});

beforeAll(() => new Promise<void>((resolve) => void odd.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  odd.closeAllConnections();
  odd.close();
});

function call(token: string): Promise<unknown> {
  const server = `http://127.0.0.1:${(odd.address() as AddressInfo).port}`;
  const values = { server, serverCa: undefined, tokenFile: undefined };
  return callServer('ResourceService/List', {}, ListResponseSchema, { values, environment: { OSTIARY_TOKEN: token } });
}

it.each([
  ['page', 'something else than JSON'],
  ['shape', 'something else than ostiary.v1.ListResponse'],
  ['list', 'something else than ostiary.v1.ListResponse'],
  ['message', String.raw`answered 400: \u{1b}[31mred`],
  ['body', String.raw`answered 502: \u{1b}]0;title\u{7}`],
  ['without end', 'the answer has more than'],
])('a server that answers %s is told as such', async (token, why) => {
  await expect(call(token)).rejects.toMatchObject({ message: expect.stringContaining(why) });
});
