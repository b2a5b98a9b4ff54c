import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api, client, contract, documentsFolder } from './documents.ts';
import { startIssuer } from './issuer.ts';
import type { Issuer } from './issuer.ts';
import { startMesh } from './mesh.ts';
import { send } from './request.ts';

const envoy = await partOrSkip('envoy');

describe.skipIf(envoy === undefined)('secrets and tokens', () => {
  let issuer: Issuer;
  beforeAll(async () => {
    issuer = await startIssuer();
  });
  afterAll(() => issuer?.close());

  test.each(['debug', 'info', 'warn', 'error'])('are in no log of level %s and in no answer', async (level) => {
    const folder = scratchFolder('secret');
    const secrets = {
      environment: 'kept-in-the-environment',
      file: 'kept-in-a-file',
      apiToken: 'token-of-the-operators-api',
      hmac: 'hmac-key-of-32-bytes-or-more-0123456789',
      hashed: 'known-secret',
      password: 'password-of-a-user',
      passwordHash: 'abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.',
      wrong: 'tried-in-vain',
      basic: Buffer.from('known-id:known-secret').toString('base64'),
      good: await issuer.token({ client_id: 'known-id' }),
      old: await issuer.token({ client_id: 'known-id', exp: 1 }),
      broken: 'ey.broken.token',
    };
    const secretFile = join(folder, 'secret');
    writeFileSync(secretFile, secrets.file);
    const tokenFile = join(folder, 'api-token');
    writeFileSync(tokenFile, secrets.apiToken);

    const jwt = { jwtKeyOrigin: 'jwks', jwksUrl: issuer.jwksUrl, issuer: issuer.url };
    const basic = { credentialsOriginHasHttpBasicAuthenticationHeader: 'httpBasicAuthenticationHeader' };
    const guarded = (name: string, policy: string, config: object) =>
      api(name, { policies: [{ policyRef: { name: policy }, config }] });
    const documents = [
      guarded('ids', 'client-id-enforcement', {}),
      guarded('basic', 'client-id-enforcement', basic),
      guarded('one', 'http-basic-authentication', { username: 'ann', password: '$OSTIARY_TEST_PASSWORD' }),
      guarded('many', 'http-basic-authentication', {
        users: [{ username: 'ann', passwordHash: `$$2y$05$${secrets.passwordHash}` }],
      }),
      guarded('tokens', 'jwt-validation', jwt),
      guarded('hmac', 'jwt-validation', { signingMethod: 'hmac', textKey: '$OSTIARY_TEST_HMAC' }),
      client('known'),
      { ...client('env'), spec: { clientId: 'env-id', clientSecret: { value: '$OSTIARY_TEST_SECRET' } } },
      { ...client('file'), spec: { clientId: 'file-id', clientSecret: { file: secretFile } } },
      ...['ids', 'basic', 'tokens'].map((name) => contract('known', name)),
      contract('env', 'ids'),
      contract('file', 'ids'),
    ];
    const mesh = await startMesh({
      policies: documentsFolder(documents),
      args: ['--log-level', level, '--api-token-file', tokenFile],
      env: {
        OSTIARY_TEST_SECRET: secrets.environment,
        OSTIARY_TEST_HMAC: secrets.hmac,
        OSTIARY_TEST_PASSWORD: secrets.password,
      },
    });
    const answers: string[] = [];
    const ask = async (path: string, headers: Record<string, string>) => {
      const answer = await send(mesh.envoy.port('normalized'), path, { headers });
      // The upstream repeats what it was sent: that is no answer of ours.
      if (answer.status !== 200) answers.push(JSON.stringify(answer));
      return answer.status;
    };
    try {
      expect(await ask('/ids/1', { client_id: 'known-id', client_secret: secrets.hashed })).toBe(200);
      expect(await ask('/ids/1', { client_id: 'env-id', client_secret: secrets.environment })).toBe(200);
      expect(await ask('/ids/1', { client_id: 'file-id', client_secret: secrets.file })).toBe(200);
      expect(await ask('/ids/1', { client_id: 'known-id', client_secret: secrets.wrong })).toBe(401);
      expect(await ask('/basic/1', { authorization: `Basic ${secrets.basic}` })).toBe(200);
      expect(await ask('/basic/1', { authorization: `Basic ${secrets.basic}${secrets.wrong}` })).toBe(401);
      const ofUser = (password: string) => ({ authorization: `Basic ${btoa(`ann:${password}`)}` });
      expect(await ask('/one/1', ofUser(secrets.password))).toBe(200);
      for (const path of ['/one/1', '/many/1']) expect(await ask(path, ofUser(secrets.wrong))).toBe(401);
      expect(await ask('/many/1', ofUser(secrets.password))).toBe(401);
      expect(await ask('/tokens/1', { authorization: `Bearer ${secrets.good}` })).toBe(200);
      for (const token of [secrets.old, secrets.broken, `${secrets.good}x`]) {
        expect(await ask('/tokens/1', { authorization: `Bearer ${token}` })).toBe(401);
        expect(await ask('/hmac/1', { authorization: `Bearer ${token}` })).toBe(401);
      }
      for (const authorization of [`Bearer ${secrets.apiToken}`, `Bearer ${secrets.wrong}`]) {
        const reset = await fetch(`${mesh.ostiary().apiUrl}/ostiary.v1.InspectionService/ResetCounters`, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: '{"api": "ids"}',
        });
        answers.push(await reset.text());
      }
      answers.push(await (await fetch(`${mesh.ostiary().adminUrl}/metrics`)).text());
    } finally {
      await mesh.stop();
    }
    const written = mesh.ostiary().output() + answers.join('\n');
    for (const [name, secret] of Object.entries(secrets)) {
      // A part of a token is as bad as the whole: its signature, say.
      for (const part of secret.split('.').filter((each) => each.length > 8)) {
        expect(written.includes(part), `${name} was written`).toBe(false);
      }
    }
    if (level === 'debug' || level === 'info') expect(mesh.ostiary().output()).toContain('client_rejected');
  });
});
