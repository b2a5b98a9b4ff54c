import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { apis, checkOf, client } from './fixture.ts';
import type { Api } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'ostiary-token-'));
const token = 'c0ffee'.repeat(8);
const tokenFile = join(folder, 'token');
writeFileSync(tokenFile, `${token}\n`);
const EVERYWHERE = { kind: 'tcp', host: '0.0.0.0', port: 0 } as const;
const reset = { api: 'orders', client_id: client.clientId };

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Unlike `fetch`, it sends the Host header it is given. */
function post(where: Api, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const { address } = where.listener;
  const target = address.kind === 'unix' ? { socketPath: address.path } : { host: '127.0.0.1', port: address.port };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { ...target, path, method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      (incoming) => {
        resolve(
          json(incoming).then((answer) => ({ status: incoming.statusCode ?? 0, body: answer as Answer['body'] })),
        );
      },
    );
    outgoing.on('error', reject).end(JSON.stringify(body));
  });
}
const inspection = (name: string): string => `/ostiary.v1.InspectionService/${name}`;
const bearer = (value: string): Record<string, string> => ({ authorization: `Bearer ${value}` });

describe('who may do what at the API', () => {
  const serve = apis();

  it('on loopback everybody reads, and nobody resets without a token file', async () => {
    const api = await serve();
    expect((await post(api, inspection('ListApis'), {})).status).toBe(200);
    const refused = await post(api, inspection('ResetCounters'), reset, bearer(token));
    expect(refused).toEqual({
      status: 403,
      body: { code: 'permission_denied', message: expect.stringMatching(/--api-token-file.*Unix socket/) },
    });
  });

  it('on loopback with a token file everybody reads, and who has the token resets', async () => {
    const api = await serve({ tokenFile });
    expect((await post(api, inspection('GetSnapshot'), {})).status).toBe(200);
    expect((await post(api, inspection('ResetCounters'), reset, bearer(token))).status).toBe(200);
    expect((await post(api, inspection('ResetCounters'), reset, { authorization: `bearer ${token}` })).status).toBe(
      200,
    );
  });

  it('on loopback with a token file who has the token has a Check explained, and without one everybody', async () => {
    const explain = { check: checkOf() };
    const guarded = await serve({ tokenFile });
    expect((await post(guarded, inspection('Explain'), explain)).status).toBe(401);
    expect((await post(guarded, inspection('Explain'), explain, bearer(token))).status).toBe(200);
    expect((await post(await serve(), inspection('Explain'), explain)).status).toBe(200);
  });

  it('no stranger learns which client ids there are', async () => {
    const detail = async (api: Api, headers = {}): Promise<string> => {
      const { body } = await post(api, inspection('Explain'), { check: checkOf({ client_id: 'who' }) }, headers);
      return (body['verdict'] as { detail: string }).detail;
    };
    const unix = { kind: 'unix', path: join(folder, 'explain.sock'), mode: 0o600 } as const;
    expect(await detail(await serve())).toMatch(
      /^the client id or its secret, the API key, or the user or the password, is wrong/,
    );
    expect(await detail(await serve({ tokenFile }), bearer(token))).toBe('no client application has this client id');
    expect(await detail(await serve({ address: unix }))).toBe('no client application has this client id');
  });

  it('no stranger learns from counters which client ids or keys there are', async () => {
    const unknown = { api: 'orders', client_id: 'nobody' };
    const ask = (api: Api, subject: object, headers = {}) => post(api, inspection('InspectCounters'), subject, headers);
    for (const options of [{}, { tokenFile }]) {
      const api = await serve(options);
      const [known, other] = [await ask(api, reset), await ask(api, unknown)];
      expect(known).toEqual(other);
      expect(known.status).toBe('tokenFile' in options ? 401 : 403);
    }
    const guarded = await serve({ tokenFile });
    expect((await ask(guarded, reset, bearer(token))).status).toBe(200);
    expect((await ask(guarded, unknown, bearer(token))).status).toBe(404);
    const unix = { kind: 'unix', path: join(folder, 'counters.sock'), mode: 0o600 } as const;
    expect((await ask(await serve({ address: unix }), reset)).status).toBe(200);
  });

  it.each([
    ['none', {}],
    ['an empty one', bearer('')],
    ['another', bearer('d0ffee'.repeat(8))],
    ['a longer one', bearer(`${token}0`)],
    ['a shorter one', bearer(token.slice(1))],
    ['one in other clothes', { authorization: `Basic ${token}` }],
    ['two', bearer(`${token} ${token}`)],
  ])('says what to send where the token is %s', async (_what, headers) => {
    const api = await serve({ tokenFile });
    const refused = await post(api, inspection('ResetCounters'), reset, headers);
    expect(refused).toEqual({
      status: 401,
      body: { code: 'unauthenticated', message: expect.stringContaining('--api-token-file') },
    });
    expect(JSON.stringify(refused)).not.toContain(token);
  });

  it('resets without a token over a Unix socket, whose permissions decide who connects', async () => {
    const api = await serve({ address: { kind: 'unix', path: join(folder, 'api.sock'), mode: 0o600 } });
    expect((await post(api, inspection('ResetCounters'), reset)).status).toBe(200);
  });

  it('takes a token that was replaced at once, and the old one no more', async () => {
    const rotating = join(folder, 'rotating');
    writeFileSync(rotating, token);
    const api = await serve({ tokenFile: rotating });
    writeFileSync(rotating, 'a'.repeat(40));
    expect((await post(api, inspection('ResetCounters'), reset, bearer('a'.repeat(40)))).status).toBe(200);
    expect((await post(api, inspection('ResetCounters'), reset, bearer(token))).status).toBe(401);
    rmSync(rotating);
    expect((await post(api, inspection('ResetCounters'), reset, bearer('a'.repeat(40)))).status).toBe(503);
  });

  it('where other machines can connect, everything but health needs the token', async () => {
    const api = await serve({ address: EVERYWHERE, tokenFile });
    for (const method of ['GetSnapshot', 'ListApis', 'Explain', 'InspectCounters', 'ResetCounters']) {
      expect([method, (await post(api, inspection(method), {})).status]).toEqual([method, 401]);
    }
    expect((await post(api, '/envoy.service.auth.v3.Authorization/Check', {})).status).toBe(401);
    expect((await post(api, '/grpc.health.v1.Health/Check', {})).status).toBe(200);
    expect((await post(api, inspection('GetSnapshot'), {}, bearer(token))).status).toBe(200);
  });

  it('refuses to start where other machines can connect and there is no token', async () => {
    for (const host of ['0.0.0.0', '', '::']) {
      await expect(serve({ address: { kind: 'tcp', host, port: 0 } })).rejects.toThrow(
        /can be reached from other machines: give --api-token-file/,
      );
    }
  });

  it.each([
    ['is missing', join(folder, 'missing'), "can't be read (ENOENT)"],
    ['is too short', write('short', 'secret\n'), 'at least 16'],
    ['is empty', write('empty', ''), 'at least 16'],
    ['has two lines', write('lines', `${token}\n${token}`), 'one line'],
  ])('refuses to start where the token file %s', async (_what, file, message) => {
    await expect(serve({ tokenFile: file })).rejects.toThrow(message);
  });
});

describe('browsers', () => {
  const serve = apis();

  it.each(['http://evil.example', 'null', 'http://localhost:3000'])(
    'are refused by their Origin %s',
    async (origin) => {
      const refused = await post(await serve(), inspection('GetSnapshot'), {}, { origin });
      expect(refused).toMatchObject({ status: 403, body: { code: 'permission_denied' } });
    },
  );

  it.each([
    'evil.example',
    'evil.example:9192',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'xn--localhost',
    '[::1',
    '_',
  ])('are refused by a name that is not ours: %j', async (host) => {
    const refused = await post(await serve(), inspection('GetSnapshot'), {}, { host });
    expect(refused).toMatchObject({ status: 403, body: { message: expect.stringContaining('localhost') } });
  });

  it.each(['localhost', 'LOCALHOST:9192', 'localhost.', '127.0.0.1:9192', '[::1]:9192', '10.1.2.3'])(
    'may be anybody who calls us by a name of ours: %s',
    async (host) => {
      const api = await serve();
      expect((await post(api, inspection('GetSnapshot'), {}, { host })).status).toBe(200);
    },
  );

  it('may call a listener for other machines by any name, with the token', async () => {
    const api = await serve({ address: EVERYWHERE, tokenFile });
    const headers = { host: 'ostiary.shop.svc:9192', ...bearer(token) };
    expect((await post(api, inspection('GetSnapshot'), {}, headers)).status).toBe(200);
  });
});

function write(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}
