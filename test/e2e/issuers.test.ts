import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { api, client, contract, documentsFolder } from './documents.ts';
import { startIssuer } from './issuer.ts';
import type { Issuer } from './issuer.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { echoOf, send } from './request.ts';

const envoy = await partOrSkip('envoy');

describe.skipIf(envoy === undefined).each(['normalized', 'raw'] as const)(
  'tokens of several issuers at a real Envoy: %s',
  (front) => {
    let staff: Issuer;
    let partners: Issuer;
    let mesh: Mesh;
    beforeAll(async () => {
      [staff, partners] = [await startIssuer(), await startIssuer()];
      const config = {
        issuers: [
          { issuer: staff.url, discovery: true, audience: 'orders' },
          { issuer: partners.url, discovery: partners.url, audience: 'partners' },
        ],
        places: [{ header: 'authorization', scheme: 'Bearer' }, { header: 'x-token' }, { cookie: 'session' }],
        claimsToHeaders: [
          { path: 'realm_access.roles', header: 'x-roles', encoding: 'percent' },
          { claim: 'profile', header: 'x-profile', encoding: 'json' },
        ],
      };
      const web = client('web');
      const policies = documentsFolder([
        api('orders', { policies: [{ policyRef: { name: 'jwt-validation' }, config }] }),
        { ...web, spec: { ...web.spec, issuers: [staff.url] } },
        client('silent'),
        contract('web', 'orders'),
        contract('silent', 'orders'),
      ]);
      mesh = await startMesh({ policies });
    });
    afterAll(() => Promise.all([mesh?.stop(), staff?.close(), partners?.close()]));

    const ask = (headers: Record<string, string | string[]>) => send(mesh.envoy.port(front), '/orders/1', { headers });
    const token = (claims: object = {}): Promise<string> =>
      staff.token({ aud: 'orders', client_id: 'web-id', ...claims });

    test('one of the issuer that its client names passes, and its claims reach the upstream', async () => {
      const profile = { name: 'Jürgen\r\nx-admin: 1' };
      const good = await token({ realm_access: { roles: ['a,b', 'ü'] }, profile });
      const { headers } = echoOf(await ask({ authorization: `Bearer ${good}`, 'x-roles': 'root', X_Profile: 'root' }));
      expect(headers).toMatchObject({ 'x-roles': 'a%2Cb,%C3%BC', 'x-ostiary-client-id': 'web-id' });
      expect(JSON.parse(String(headers['x-profile']))).toEqual(profile);
      expect(headers).not.toHaveProperty('x-admin');
    });

    test('another issuer can sign neither as the first nor for its clients', async () => {
      const statuses: number[] = [];
      for (const claims of [
        { iss: staff.url, aud: 'orders', client_id: 'web-id' },
        { aud: 'orders', client_id: 'web-id' },
        { iss: 'https://evil.example', aud: 'orders', client_id: 'web-id' },
        { iss: `https://evil.example/${staff.url}`, aud: 'orders', client_id: 'web-id' },
      ]) {
        statuses.push((await ask({ authorization: `Bearer ${await partners.token(claims)}` })).status);
      }
      expect(statuses).toEqual([401, 401, 401, 401]);
      const own = await partners.token({ aud: 'partners', client_id: 'web-id' });
      expect((await ask({ authorization: `Bearer ${own}` })).status).toBe(403);
      const silent = await token({ client_id: 'silent-id' });
      expect((await ask({ authorization: `Bearer ${silent}` })).status).toBe(403);
    });

    test('one passes from each place, and two different ones never do', async () => {
      const [good, second] = [await token({ n: 1 }), await token({ n: 2 })];
      const statusOf = async (headers: Record<string, string | string[]>) => (await ask(headers)).status;
      expect(await statusOf({ 'x-token': good })).toBe(200);
      expect(await statusOf({ cookie: `a=b; session=${good}` })).toBe(200);
      expect(await statusOf({ cookie: `session=${good}`, 'x-token': good })).toBe(200);
      for (const headers of [
        { cookie: `session=${good}`, 'x-token': second },
        { authorization: `Bearer ${good}`, 'x-token': second },
        { cookie: `session=${good}; session=${second}` },
        { cookie: [`session=${good}`, `session=${second}`] },
        { cookie: `session=${good}; x="; session=${second}"` },
        { 'x-token': [good, second] },
        { authorization: [`Bearer ${good}`, `Bearer ${second}`] },
        { authorization: ['Basic eDp5', `Bearer ${second}`], 'x-token': good },
      ]) {
        expect([headers, await statusOf(headers)]).toEqual([headers, 401]);
      }
      expect(await statusOf({ cookie: 'a=b' })).toBe(401);
    });

    test('both key sets were found by their metadata', () => {
      expect(staff.fetches()).toBeGreaterThan(0);
      expect(partners.fetches()).toBeGreaterThan(0);
    });
  },
);
