import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuthenticationWayJson } from '../../gen/ostiary/v1/catalog_pb.js';
import { LANGUAGES } from '../../console/src/snippets/languages.ts';
import { addressOf, snippetRequest } from '../../console/src/snippets/request.ts';
import { scratchFolder } from '../real/scratch.ts';

const ENVIRONMENT = {
  CLIENT_ID: 'own-id',
  CLIENT_SECRET: 's\'e"c$r`e\\t',
  API_KEY: 'key-1',
  ACCESS_TOKEN: 'token.1',
  USER_NAME: 'ada',
  USER_PASSWORD: 'pa:ss',
};
const ODD_ID = 'id\'"$(x)`\\!';
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
const way = (...credentials: AuthenticationWayJson['credentials'] & object): AuthenticationWayJson => ({ credentials });

/** What a request has to have, by how an API authenticates. */
const WAYS: readonly (readonly [string, AuthenticationWayJson | undefined, string | undefined, object])[] = [
  ['nothing', undefined, undefined, {}],
  [
    'client id and secret',
    way({ kind: 'KIND_CLIENT', header: 'client_id', secretHeader: 'client_secret' }),
    ODD_ID,
    { client_id: ODD_ID, client_secret: ENVIRONMENT.CLIENT_SECRET },
  ],
  [
    'a client id that is not known yet',
    way({ kind: 'KIND_CLIENT', header: 'x-client' }),
    undefined,
    { 'x-client': ENVIRONMENT.CLIENT_ID },
  ],
  [
    'client id and secret by Basic',
    way({ kind: 'KIND_CLIENT_BASIC', header: 'authorization', scheme: 'Basic' }),
    'web',
    { authorization: basic(`web:${ENVIRONMENT.CLIENT_SECRET}`) },
  ],
  [
    'a user by Basic',
    way({ kind: 'KIND_USER', header: 'authorization', scheme: 'Basic' }),
    undefined,
    { authorization: basic('ada:pa:ss') },
  ],
  ['an API key', way({ kind: 'KIND_API_KEY', header: 'x-api-key' }), undefined, { 'x-api-key': 'key-1' }],
  [
    'a key with a scheme',
    way({ kind: 'KIND_API_KEY', header: 'authorization', scheme: 'ApiKey' }),
    undefined,
    { authorization: 'ApiKey key-1' },
  ],
  ['a key in the query', way({ kind: 'KIND_API_KEY', query: 'api key' }), undefined, { url: '/a/b?api%20key=key-1' }],
  [
    'a token and a client id',
    way(
      { kind: 'KIND_TOKEN', header: 'authorization', scheme: 'Bearer', issuers: ['https://id.example.com/\nx'] },
      { kind: 'KIND_CLIENT', query: 'client_id' },
    ),
    'web',
    { authorization: 'Bearer token.1', url: '/a/b?client_id=web' },
  ],
];

const isThere = (program: string, ...words: string[]): boolean => spawnSync(program, words).status === 0;
const RUNNERS: Readonly<
  Record<string, { readonly file: string; readonly run: readonly string[]; readonly is: boolean }>
> = {
  curl: { file: 'call.sh', run: ['sh'], is: isThere('curl', '--version') },
  javascript: { file: 'call.mjs', run: [process.execPath], is: true },
  python: { file: 'call.py', run: ['python3'], is: isThere('python3', '--version') },
  go: { file: 'call.go', run: ['go', 'run'], is: isThere('go', 'version') },
};

describe('snippets', () => {
  let server: Server;
  let url: string;
  let got: IncomingMessage | undefined;
  const folder = scratchFolder('snippets');
  beforeAll(async () => {
    server = createServer((request, response) => {
      got = request;
      response.end('fine');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a/b`;
  });
  afterAll(() => server.close());

  const cases = WAYS.flatMap(([name, of, clientId, expected], at) =>
    // Go compiles for seconds: one has it all.
    LANGUAGES.filter(({ id }) => RUNNERS[id]?.is === true && (id !== 'go' || name === 'client id and secret')).map(
      (language) => ({ name, of, clientId, expected, language, at }),
    ),
  );
  test.each(cases)(
    'in $language.name send $name',
    async ({ of, clientId, expected, language, at }) => {
      const {
        file,
        run: [program = '', ...words],
      } = RUNNERS[language.id] ?? { file: '', run: [] };
      const place = join(folder, `${language.id}-${at}`);
      mkdirSync(place);
      writeFileSync(join(place, file), language.snippet(snippetRequest(url, of, clientId)));
      got = undefined;
      // Of anywhere else than here, a proxy would be asked.
      const env = { ...process.env, ...ENVIRONMENT, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1', GOFLAGS: '-mod=mod' };
      const { stdout } = await promisify(execFile)(program, [...words, join(place, file)], { env, cwd: place });
      expect(stdout).toContain('fine');
      const { headers, url: path } = got as unknown as IncomingMessage;
      expect({ ...headers, url: path }).toMatchObject({ url: '/a/b', ...expected });
    },
    60_000,
  );

  test.each(['java', 'csharp'])('in %s have texts that end nowhere else', (id) => {
    const snippet = LANGUAGES.find((each) => each.id === id)?.snippet ?? (() => '');
    for (const [, of, clientId] of WAYS) {
      const text = snippet(snippetRequest('https://a.example.com/"\\', of, clientId));
      expect(text).toContain(String.raw`https://a.example.com/\"\\`);
      for (const line of text.split('\n'))
        if (!line.startsWith('//')) expect(line.replaceAll(/\\./g, '').split('"').length % 2).toBe(1);
    }
  });

  test('remarks of others stay in their line', () => {
    const request = snippetRequest('https://a', WAYS.at(-1)?.[1], undefined);
    for (const { snippet } of LANGUAGES)
      expect(snippet(request).split('\n')[0]).toMatch(/https:\/\/id\.example\.com\/ x$/);
  });

  test('remarks of others are no code, and look like what they are', () => {
    // Java reads \\u000a as the end of a line, in a comment too (JLS, 3.3). Signs of direction show code as a comment.
    const issuers = [String.raw`https://id.example.com/\u000aimport a.b;\\u000aimport c.d;` + '\u202e\u2066'];
    const request = snippetRequest('https://a', way({ kind: 'KIND_TOKEN', header: 'x', issuers }), undefined);
    for (const { snippet } of LANGUAGES) {
      const [remark = ''] = snippet(request).split('\n');
      expect(remark).toContain('https://id.example.com/');
      expect(remark).not.toMatch(/(?<!\\)(?:\\\\)*\\u|\p{Cf}/u);
    }
  });
});

test('an API is called where it says, else at its first host, else at a name to be replaced', () => {
  expect(addressOf({ publicUrl: 'https://a/b', hosts: ['h'], entry: { basePath: '/p' } })).toBe('https://a/b');
  expect(addressOf({ hosts: ['*.x', 'h'], entry: { basePath: '/p' } })).toBe('https://h/p');
  expect(addressOf({ entry: { basePath: '/p' } })).toBe('https://gateway.example.com/p');
});
