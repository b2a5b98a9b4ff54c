import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { CHECK_PATH } from '../../src/envoy/check-service.ts';
import { RawClient } from '../grpc/client.ts';
import { answering, JwksServer, publish, signed, signingKey } from '../jwt/issuer.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api, documentsFolder } from './documents.ts';

const stolen = await signingKey('ES256', 'k1');
const kept = await signingKey('ES256', 'k2');
const API_TOKEN = '0123456789abcdef0123456789abcdef';

let running: RealOstiary | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function start(jwksUrl: string, args: readonly string[]) {
  const config = { jwtKeyOrigin: 'jwks', jwksUrl, algorithms: ['ES256'], skipClientIdValidation: true };
  const policies = documentsFolder([api('tokens', { policies: [{ policyRef: { name: 'jwt-validation' }, config }] })]);
  const tokenFile = join(scratchFolder('token'), 'token');
  writeFileSync(tokenFile, API_TOKEN);
  running = await startOstiary({ policies, args: ['--api-token-file', tokenFile, ...args] });
  const refresh = async (...more: readonly string[]) => {
    const cli = await runOstiary(['keys', 'refresh', '--api', running?.apiUrl ?? '', ...more]);
    return { code: await cli.exited, output: cli.output() };
  };
  return { ostiary: running, refresh, tokenFile };
}

async function statusOf(ostiary: RealOstiary, token: string): Promise<number> {
  const [host = '', port = ''] = ostiary.listen.split(':');
  // A connection of its own each time, so that every worker is asked.
  const client = new RawClient({ kind: 'tcp', host, port: Number(port) });
  const headers = { ':path': '/tokens/1', authorization: `Bearer ${token}` };
  const http = { method: 'GET', path: '/tokens/1', host: 'localhost', headers };
  const check = create(CheckRequestSchema, { attributes: { request: { http } } });
  const answer = fromBinary(CheckResponseSchema, await client.unary(CHECK_PATH, toBinary(CheckRequestSchema, check)));
  client.close();
  return answer.httpResponse.case === 'deniedResponse' ? (answer.httpResponse.value.status?.code ?? 0) : 200;
}

describe.each([
  ['one process', []],
  ['two workers', ['--workers', '2']],
])('a key that its issuer has withdrawn, with %s,', (_what, args) => {
  test('ends with ostiary keys refresh, in every process, and those that stay go on', async () => {
    await using issuer = await JwksServer.publishing(stolen, kept);
    const { ostiary, refresh, tokenFile } = await start(issuer.url, args);
    const exp = Math.floor(Date.now() / 1000) + 600;
    const [bad, good] = [await signed(stolen, { exp }), await signed(kept, { exp })];
    const statuses = async (token: string): Promise<readonly number[]> => {
      const found: number[] = [];
      for (let n = 0; n < 4; n++) found.push(await statusOf(ostiary, token));
      return found;
    };
    expect(await statuses(bad)).toEqual([200, 200, 200, 200]);
    issuer.answer = publish(kept);
    expect(await statuses(bad)).toEqual([200, 200, 200, 200]);

    const refused = await refresh();
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/--api-token-file FILE/);
    expect(await statusOf(ostiary, bad)).toBe(200);

    const done = await refresh(issuer.url, '--api-token-file', tokenFile);
    expect(done).toEqual({ code: 0, output: expect.stringContaining(`${issuer.url}: 1 key, 1 withdrawn`) });
    expect(await statuses(bad)).toEqual([401, 401, 401, 401]);
    expect(await statuses(good)).toEqual([200, 200, 200, 200]);
    expect(ostiary.output()).toMatch(/keys withdrawn: 1.*key set refreshed for an operator/);

    issuer.answer = answering(500, '');
    const failed = await refresh('--api-token-file', tokenFile);
    expect(failed).toEqual({ code: 1, output: expect.stringMatching(/not fetched \(status: it answers 500\); 1 key/) });
    const unknown = await refresh('https://elsewhere.example/jwks', '--api-token-file', tokenFile);
    expect(unknown).toEqual({ code: 1, output: expect.stringMatching(/no policy in force names a key set/) });
  });
});
