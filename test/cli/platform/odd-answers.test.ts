import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ListResponseSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import { callServer } from '../../../src/cli/platform/server.ts';
import { runMain } from '../run-main.ts';

const RESOURCE = { kind: 'Api', namespace: 'default', name: 'a' };
const ANSWERS: Readonly<Record<string, readonly [status: number, body: string]>> = {
  page: [200, '<html>'],
  shape: [200, '{"resources": "none"}'],
  list: [200, '[]'],
  pages: [200, JSON.stringify({ resources: [RESOURCE], total: 1, nextPageToken: 'again' })],
  message: [400, JSON.stringify({ code: 'x', message: '\u001B[31mred' })],
  body: [502, '\u001B]0;title\u0007'],
};

/** Answers as its caller's token says. */
const odd = createServer((request, response) => {
  const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
  if (token === 'silent') return;
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

function address(): string {
  return `http://127.0.0.1:${(odd.address() as AddressInfo).port}`;
}

function call(token: string, requestTimeout = 60_000): Promise<unknown> {
  const values = { server: address(), serverCa: undefined, requestTimeout, tokenFile: undefined };
  return callServer('ResourceService/List', {}, ListResponseSchema, { values, environment: { OSTIARY_TOKEN: token } });
}

it.each([
  ['page', 'something else than JSON'],
  ['shape', 'something else than ostiary.v1.ListResponse'],
  ['list', 'something else than ostiary.v1.ListResponse'],
  ['message', String.raw`\u{1b}[31mred (http://`],
  ['body', String.raw`\u{1b}]0;title\u{7}`],
  ['without-end', 'the answer has more than'],
])('a server that answers %s is told as such', async (token, why) => {
  await expect(call(token)).rejects.toMatchObject({ message: expect.stringContaining(why) });
});

it('a server that never answers is given up, with the flag that would give it longer', async () => {
  await expect(call('silent', 100)).rejects.toMatchObject({
    message: expect.stringMatching(/has not answered within 0.1 s: try again, or give it longer by --request-timeout$/),
  });
});

it('a server whose pages have no end is told as such', async () => {
  const { code, stderr } = await runMain(['get', 'apis', '-o', 'name'], {
    OSTIARY_SERVER: address(),
    OSTIARY_TOKEN: 'pages',
  });
  expect([code, stderr]).toEqual([1, 'ostiary: the control plane has sent pages without an end\n']);
});

it('a server that does not speak TLS is told as such', async () => {
  const { code, stderr } = await runMain(['get', 'apis', '--server', address().replace('http:', 'https:')], {});
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('does not answer in TLS: is ostiary control'),
  });
});
