import { generateKeyPairSync } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RealKeycloak } from '../real/keycloak.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { echoOf, send } from './request.ts';

const REALM = 'inquiries';
const CLIENT = { publicClient: false, serviceAccountsEnabled: true, standardFlowEnabled: false, enabled: true };
/** Keycloak calls a token active to clients alone that its `aud` names. */
const FOR_ORDERS = {
  name: 'for orders',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: { 'included.client.audience': 'orders', 'access.token.claim': 'true', 'introspection.token.claim': 'true' },
};
const issuerOf = ({ url }: RealKeycloak): string => `${url}/realms/${REALM}`;
const ORDERS_ID = '6f1c2a34-0000-4000-8000-000000000001';

/** A realm `inquiries`, which is asked about its tokens. */
export function tokensAreIntrospected(started: () => RealKeycloak): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const folder = scratchFolder('secrets');
  const secretFile = join(folder, 'secret');
  let keycloak: RealKeycloak;
  let mesh: Mesh;
  let ourKeys: Server;

  beforeAll(async () => {
    const jwk = { ...(await exportJWK(publicKey)), kid: 'ours', use: 'sig', alg: 'RS256' };
    ourKeys = createServer((_, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => {
      ourKeys.listen(0, '127.0.0.1', resolve);
    });
    keycloak = started();
    const signing = {
      'use.jwks.url': 'true',
      'jwks.url': `http://127.0.0.1:${(ourKeys.address() as AddressInfo).port}/`,
      'token.endpoint.auth.signing.alg': 'RS256',
    };
    await keycloak.admin('POST', '', {
      realm: REALM,
      enabled: true,
      sslRequired: 'none',
      clients: [
        { ...CLIENT, id: ORDERS_ID, clientId: 'orders', secret: 'first-secret' },
        { ...CLIENT, clientId: 'signing', clientAuthenticatorType: 'client-jwt', attributes: signing },
        {
          ...CLIENT,
          clientId: 'web',
          secret: 'web-secret',
          directAccessGrantsEnabled: true,
          protocolMappers: [FOR_ORDERS],
        },
        { ...CLIENT, clientId: 'other', secret: 'other-secret' },
      ],
      users: [
        {
          username: 'alice',
          enabled: true,
          email: 'alice@example.com',
          firstName: 'Alice',
          lastName: 'A',
          credentials: [{ type: 'password', value: 'pw', temporary: false }],
        },
      ],
    });
    writeFileSync(secretFile, 'first-secret\n');
    writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const issuer = issuerOf(keycloak);
    const common = { issuer, validatedTokenTTL: 1, rejectedTokenTTL: 1 };
    const bySecret = { method: 'client_secret_basic', clientId: 'orders', clientSecretFile: secretFile };
    const byKey = {
      method: 'private_key_jwt',
      clientId: 'signing',
      privateKeyFile: join(folder, 'key.pem'),
      algorithm: 'RS256',
      keyId: 'ours',
    };
    const introspected = (name: string, config: object) =>
      api(name, {
        policies: [{ policyRef: { name: 'oauth2-token-introspection' }, config: { ...common, ...config } }],
      });
    const policies = documentsFolder([
      introspected('orders', {
        clientAuthentication: bySecret,
        audience: 'orders',
        claimsToHeaders: [{ claim: 'username', header: 'x-user' }],
      }),
      introspected('billing', { clientAuthentication: bySecret, audience: 'billing', skipClientIdValidation: true }),
      introspected('keyed', { clientAuthentication: byKey, anyAudience: true, skipClientIdValidation: true }),
      { kind: 'ClientApplication', metadata: { name: 'web' }, spec: { clientId: 'web', issuers: [issuer] } },
      {
        kind: 'Contract',
        metadata: { name: 'web-orders' },
        spec: { clientApplication: 'web', api: 'orders', status: 'approved' },
      },
    ]);
    mesh = await startMesh({ policies, timeoutMs: 10_000 });
  });
  afterAll(async () => {
    await mesh?.stop();
    ourKeys?.close();
  });

  const login = async (client: string) => {
    const own = { client_id: client, client_secret: `${client}-secret` };
    if (client !== 'web') return keycloak.tokens(REALM, { ...own, grant_type: 'client_credentials' });
    const user = { username: 'alice', password: 'pw', scope: 'openid' };
    return keycloak.tokens(REALM, { ...own, ...user, grant_type: 'password' });
  };
  const ask = async (path: string, token: string | undefined) =>
    send(mesh.envoy.port('normalized'), path, { headers: { authorization: `Bearer ${token ?? ''}` } });

  test('an access token passes, found by the metadata of the issuer; refresh and id token do not', async () => {
    const tokens = await login('web');
    const { headers } = echoOf(await ask('/orders/1', tokens['access_token']));
    expect(headers).toMatchObject({ 'x-user': 'alice', 'x-ostiary-client-id': 'web' });
    expect((await ask('/orders/1', tokens['refresh_token'])).status).toBe(401);
    expect((await ask('/orders/1', tokens['id_token'])).status).toBe(401);
  });

  test('a token of another audience is refused, whether Keycloak calls it active or not', async () => {
    const { access_token: forOrdersAlone } = await login('web');
    expect((await ask('/billing/1', forOrdersAlone)).status).toBe(401);
    expect((await ask('/orders/1', (await login('other'))['access_token'])).status).toBe(401);
  });

  test('a revoked token stops passing when the TTL is over', async () => {
    const { access_token: token = '' } = await login('web');
    expect((await ask('/orders/1', token)).status).toBe(200);
    const body = new URLSearchParams({ token, client_id: 'web', client_secret: 'web-secret' });
    await fetch(`${issuerOf(keycloak)}/protocol/openid-connect/revoke`, { method: 'POST', body });
    await expect.poll(async () => (await ask('/orders/1', token)).status, { timeout: 10_000 }).toBe(401);
  });

  test('our secret is rotated: the file is followed, and no restart is needed', async () => {
    await keycloak.admin('PUT', `/${REALM}/clients/${ORDERS_ID}`, { clientId: 'orders', secret: 'second-secret' });
    expect((await ask('/orders/1', (await login('web'))['access_token'])).status).toBe(503);
    writeFileSync(`${secretFile}.new`, 'second-secret\n');
    renameSync(`${secretFile}.new`, secretFile);
    const { access_token: token } = await login('web');
    await expect.poll(async () => (await ask('/orders/1', token)).status, { timeout: 30_000 }).toBe(200);
  });

  test('Keycloak takes our assertion (private_key_jwt)', async () => {
    // For another audience than ours: not active, yet we were let in to ask.
    expect((await ask('/keyed/1', (await login('web'))['access_token'])).status).toBe(401);
    expect(mesh.ostiary().output()).not.toContain(
      '"policy":"keyed/oauth2-token-introspection","reason":"introspection_unavailable"',
    );
  });
}
