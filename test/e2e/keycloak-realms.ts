import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RealKeycloak } from '../real/keycloak.ts';
import { api, client, contract, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { echoOf, send } from './request.ts';

const SECRET = 'for tests alone';

/** Realms `shop` and `partners`, whose tokens ostiary verifies itself. */
export function realmsAreFound(started: () => RealKeycloak): void {
  let keycloak: RealKeycloak;
  let mesh: Mesh;
  beforeAll(async () => {
    keycloak = started();
    for (const realm of ['shop', 'partners']) {
      await keycloak.admin('POST', '', { realm, enabled: true, roles: { realm: [{ name: 'buyer' }] } });
      const mapper = {
        name: 'audience',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-audience-mapper',
        config: { 'included.custom.audience': 'orders', 'access.token.claim': 'true' },
      };
      // Both realms have a client of the same id.
      await keycloak.admin('POST', `/${realm}/clients`, {
        clientId: 'web-id',
        secret: SECRET,
        serviceAccountsEnabled: true,
        standardFlowEnabled: false,
        protocolMappers: [mapper],
      });
    }
    const issuer = (realm: string) => ({
      issuer: `${keycloak.url}/realms/${realm}`,
      discovery: true,
      audience: 'orders',
    });
    const config = {
      issuers: [issuer('shop'), issuer('partners')],
      clientIdExpression: '#[vars.claimSet.azp]',
      claimsToHeaders: [{ path: 'realm_access.roles', header: 'x-roles' }],
    };
    const web = client('web');
    const policies = documentsFolder([
      api('orders', { policies: [{ policyRef: { name: 'jwt-validation' }, config }] }),
      { ...web, spec: { ...web.spec, issuers: [`${keycloak.url}/realms/shop`] } },
      contract('web', 'orders'),
    ]);
    mesh = await startMesh({ policies });
  });
  afterAll(() => mesh?.stop());

  const ask = (token: string) =>
    send(mesh.envoy.port('normalized'), '/orders/1', { headers: { authorization: `Bearer ${token}` } });

  test('are found by their metadata, and a client counts with the tokens of its own realm alone', async () => {
    const token = await keycloak.clientToken('shop', 'web-id', SECRET);
    expect(decodeJwt(token)).toMatchObject({ iss: `${keycloak.url}/realms/shop`, azp: 'web-id' });
    const { headers } = echoOf(await ask(token));
    expect(headers['x-ostiary-client-id']).toBe('web-id');
    expect(String(headers['x-roles']).split(',')).toContain('offline_access');
    const twin = await keycloak.clientToken('partners', 'web-id', SECRET);
    expect((await ask(twin)).status).toBe(403);
  });

  test('may change their keys: tokens of a new one pass, those of one that was withdrawn do not', async () => {
    const before = await keycloak.clientToken('shop', 'web-id', SECRET);
    const { id } = (await keycloak.admin('GET', '/shop')) as { id: string };
    const kid = decodeProtectedHeader(before).kid;
    const providers = (await keycloak.admin(
      'GET',
      `/shop/components?parent=${id}&type=org.keycloak.keys.KeyProvider`,
    )) as {
      id: string;
      providerId: string;
      config: { priority?: string[] };
    }[];
    const old = providers.find(({ providerId }) => providerId === 'rsa-generated');
    await keycloak.admin('POST', '/shop/components', {
      name: 'next',
      providerId: 'rsa-generated',
      providerType: 'org.keycloak.keys.KeyProvider',
      parentId: id,
      config: { priority: ['200'], enabled: ['true'], active: ['true'], keySize: ['2048'], algorithm: ['RS256'] },
    });
    const after = await keycloak.clientToken('shop', 'web-id', SECRET);
    expect(decodeProtectedHeader(after).kid).not.toBe(kid);
    await expect.poll(async () => (await ask(after)).status, { interval: 500, timeout: 20_000 }).toBe(200);
    expect((await ask(before)).status).toBe(200);

    await keycloak.admin('DELETE', `/shop/components/${old?.id}`);
    // A token of nobody's makes the set be asked for again.
    const forged = `${after.slice(0, -8)}AAAAAAAA`;
    await expect
      .poll(
        async () => {
          await ask(forged);
          return (await ask(before)).status;
        },
        { interval: 1000, timeout: 30_000 },
      )
      .toBe(401);
    expect((await ask(after)).status).toBe(200);
  });
}
