import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AuthorizationServer } from '../oauth/authorization-server.ts';
import { partOrSkip } from '../real/parts.ts';
import { api, client, contract, documentsFolder } from './documents.ts';
import { startMesh, TRANSPORTS } from './mesh.ts';
import type { Front, Mesh } from './mesh.ts';
import { echoOf, send } from './request.ts';

const envoy = await partOrSkip('envoy');
const CLAIMS = { client_id: 'web-id', sub: 'alice', scope: 'read', aud: 'shop' };

describe.skipIf(envoy === undefined).each(TRANSPORTS)(
  'introspected tokens at a real Envoy that asks %s',
  (transport) => {
    let server: AuthorizationServer;
    let mesh: Mesh;
    beforeAll(async () => {
      server = await AuthorizationServer.start();
      const clientAuthentication = { method: 'client_secret_basic', clientId: 'ostiary', clientSecret: 'secret' };
      const common = { clientAuthentication, rejectedTokenTTL: 1, authenticationTimeout: 2000 };
      const introspected = (name: string, config: object, kind: string, more: object = {}) =>
        api(name, { policies: [{ policyRef: { name: kind }, config: { ...common, ...config }, ...more }] });
      const at = { introspectionURL: server.url };
      const policies = documentsFolder([
        introspected('tokens', { ...at, audience: 'shop', exposeHeaders: true }, 'oauth2-token-introspection'),
        introspected(
          'scoped',
          { tokenUrl: server.url, scopes: 'write' },
          'external-oauth2-access-token-enforcement-flex',
        ),
        introspected('found', { issuer: server.issuer, forwardToken: false }, 'openidconnect-access-token-enforcement'),
        introspected('lenient', { ...at, skipClientIdValidation: true }, 'oauth2-token-introspection', {
          onFailure: 'allow',
        }),
        client('web'),
        contract('web', 'tokens'),
        contract('web', 'scoped'),
        contract('web', 'found'),
      ]);
      mesh = await startMesh({ policies, transport });
    });
    afterAll(async () => {
      await mesh?.stop();
      await server?.[Symbol.asyncDispose]();
    });
    beforeEach(() => {
      server.active.clear();
      server.recover();
    });

    const ask = async (path: string, token: string | undefined, more: object = {}, front: Front = 'normalized') =>
      send(mesh.envoy.port(front), path, {
        headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...more },
      });

    test.each(['normalized', 'raw'] as const)(
      'an active one passes, and its properties replace what the client made up (%s)',
      async (front) => {
        server.active.set('good', CLAIMS);
        const forged = { 'x-agw-sub': ['root', 'admin'], X_AGW_Client_Id: 'root', 'x-agw-username': 'root' };
        const { headers } = echoOf(await ask('/tokens/1', 'good', forged, front));
        expect(headers).toMatchObject({
          'x-agw-sub': 'alice',
          'x-agw-client_id': 'web-id',
          'x-ostiary-client-id': 'web-id',
        });
        expect(headers).not.toHaveProperty('x-agw-username');
        expect(Object.keys(headers).filter((name) => name.toLowerCase() === 'x_agw_client_id')).toEqual([]);
      },
    );

    test('none, an inactive one, one of another audience, two at once: each is refused with its challenge', async () => {
      const none = await ask('/tokens/1', undefined);
      expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer']);
      server.active.set('other', { ...CLAIMS, aud: 'billing' });
      server.active.set('twice', CLAIMS);
      for (const token of ['unknown', 'other', 'twice, Bearer twice', 'a b']) {
        const answer = await ask('/tokens/1', token);
        expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
      }
      const two = await send(mesh.envoy.port('raw'), '/tokens/1', {
        headers: { authorization: ['Bearer twice', 'Bearer other'] },
      });
      expect(two.status).toBe(401);
    });

    test('by its other names: a token without the scope is 403, and one that is found by metadata passes and is hidden', async () => {
      server.active.set('reader', CLAIMS);
      server.active.set('writer', { ...CLAIMS, scope: 'read write' });
      const reader = await ask('/scoped/1', 'reader');
      expect([reader.status, reader.headers['www-authenticate']]).toEqual([
        403,
        'Bearer error="insufficient_scope", scope="write"',
      ]);
      expect((await ask('/scoped/1', 'writer')).status).toBe(200);
      expect(echoOf(await ask('/found/1', 'reader')).headers).not.toHaveProperty('authorization');
    });

    test('a client without a contract is 403', async () => {
      server.active.set('stranger', { ...CLAIMS, client_id: 'nobody' });
      expect((await ask('/tokens/1', 'stranger')).status).toBe(403);
    });

    test('a server that fails is 503 with the time to come again, or as onFailure says, counted and without a token in the log', async () => {
      server.active.set('remembered-7f3a', CLAIMS);
      expect((await ask('/tokens/1', 'remembered-7f3a')).status).toBe(200);
      server.reply(500, 'secret words');
      const denied = await ask('/tokens/1', 'new-7f3a');
      expect(denied.status).toBe(503);
      expect(Number(denied.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect((await ask('/lenient/1', 'new-7f3a')).status).toBe(200);
      // What is remembered is not concerned.
      expect((await ask('/tokens/1', 'remembered-7f3a')).status).toBe(200);
      const metrics = await (await fetch(`${mesh.ostiary().adminUrl}/metrics`)).text();
      expect(metrics).toMatch(
        /ostiary_policy_decisions_total\{[^}]*policy="lenient\/[^}]*result="failed"[^}]*\} [1-9]/,
      );
      expect(metrics).toMatch(/reason="introspection_unavailable"/);
      await expect.poll(() => mesh.ostiary().output(), { timeout: 5000 }).toContain('it answers 500');
      const output = mesh.ostiary().output();
      for (const hidden of ['new-7f3a', 'secret words', 'remembered-7f3a']) expect(output).not.toContain(hidden);
    });
  },
);
