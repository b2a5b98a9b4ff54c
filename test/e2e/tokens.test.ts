import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { api, client, contract, documentsFolder } from './documents.ts';
import { startIssuer } from './issuer.ts';
import type { Issuer } from './issuer.ts';
import { startMesh, TRANSPORTS } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { echoOf, send } from './request.ts';

const envoy = await partOrSkip('envoy');

describe.skipIf(envoy === undefined).each(TRANSPORTS)('bearer tokens at a real Envoy that asks %s', (transport) => {
  let issuer: Issuer;
  let mesh: Mesh;
  beforeAll(async () => {
    issuer = await startIssuer();
    const config = {
      jwtKeyOrigin: 'jwks',
      jwksUrl: issuer.jwksUrl,
      algorithms: ['RS256'],
      issuer: issuer.url,
      claimsToHeaders: [{ claim: 'sub', header: 'x-user' }],
    };
    const tokens = (name: string, more: object) =>
      api(name, { policies: [{ policyRef: { name: 'jwt-validation' }, config: { ...config, ...more } }] });
    const policies = documentsFolder([
      tokens('tokens', {}),
      tokens('hidden', { forwardToken: false, skipClientIdValidation: true }),
      tokens('scoped', { requiredScopes: ['write'] }),
      client('web'),
      contract('web', 'tokens'),
      contract('web', 'scoped'),
    ]);
    mesh = await startMesh({ policies, transport });
  });
  afterAll(async () => {
    await mesh?.stop();
    await issuer?.close();
  });

  const ask = async (path: string, authorization: string | string[], more: Record<string, string | string[]> = {}) =>
    send(mesh.envoy.port('normalized'), path, { headers: { authorization, ...more } });

  test('a good token passes, and its claim replaces what the client made up', async () => {
    const token = await issuer.token({ sub: 'alice', client_id: 'web-id' });
    const forged = { 'x-user': ['root', 'admin'], X_User: 'root' };
    const { headers } = echoOf(await ask('/tokens/1', `Bearer ${token}`, forged));
    expect(headers).toMatchObject({ 'x-user': 'alice', authorization: `Bearer ${token}` });
    expect(headers).not.toHaveProperty('x_user');
  });

  test('a token is hidden from the upstream where the policy says so', async () => {
    const token = await issuer.token({ sub: 'alice' });
    expect(echoOf(await ask('/hidden/1', `Bearer ${token}`)).headers).not.toHaveProperty('authorization');
  });

  test('no token, a spoilt one, one too many and one too old are refused with their challenge', async () => {
    const good = await issuer.token({ client_id: 'web-id' });
    const none = await send(mesh.envoy.port('normalized'), '/tokens/1');
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    const old = await issuer.token({ client_id: 'web-id', exp: Math.floor(Date.now() / 1000) - 1 });
    const foreign = await issuer.token({ client_id: 'web-id', iss: 'https://elsewhere.example' });
    const [head, body] = good.split('.');
    for (const bad of [`Bearer ${old}`, `Bearer ${foreign}`, `Bearer ${head}.${body}.AAAA`, 'Bearer a.b.c.d.e']) {
      const answer = await ask('/tokens/1', bad);
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
    }
    expect((await ask('/tokens/1', [`Bearer ${good}`, `Bearer ${good}`])).status).toBe(401);
  });

  test('a token of a client without a contract is refused with 403, as is one without the scope', async () => {
    const stranger = await issuer.token({ client_id: 'nobody' });
    expect((await ask('/tokens/1', `Bearer ${stranger}`)).status).toBe(403);
    const reader = await ask('/scoped/1', `Bearer ${await issuer.token({ client_id: 'web-id', scope: 'read' })}`);
    expect(reader.status).toBe(403);
    expect(reader.headers['www-authenticate']).toContain('error="insufficient_scope"');
    const writer = await issuer.token({ client_id: 'web-id', scope: 'read write' });
    expect((await ask('/scoped/1', `Bearer ${writer}`)).status).toBe(200);
  });

  test('the key set was fetched once for all of this, and once more for the wrong signature', () => {
    expect(issuer.fetches()).toBe(2);
  });
});
