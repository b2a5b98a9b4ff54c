import { generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { AuthorizationServer } from '../oauth/authorization-server.ts';
import { signed, signingKey } from '../jwt/issuer.ts';
import { IntrospectionPolicy } from './introspection-policy.ts';

const CLAIMS = { client_id: 'web' };

async function serving(): Promise<AuthorizationServer> {
  const server = await AuthorizationServer.start();
  server.active.set('good', CLAIMS);
  return server;
}

describe('an authorization server that gives no answer is a failure', () => {
  test.each<[string, (server: AuthorizationServer) => void, RegExp]>([
    ['garbage', (server) => server.reply(200, 'garbage'), /is no JSON$/],
    ['a list', (server) => server.reply(200, '[]'), /is no JSON object/],
    ['no active', (server) => server.reply(200, '{"sub":"alice"}'), /does not say/],
    ['active as a text', (server) => server.reply(200, '{"active":"true"}'), /does not say/],
    ['too much', (server) => server.reply(200, `{"active":true,"x":"${'x'.repeat(65_536)}"}`), /more than 65536 bytes/],
    ['refusing us', (server) => server.reply(401, '{"error":"invalid_client"}'), /own credentials.*\(401\)/],
    ['failing', (server) => server.reply(500, ''), /it answers 500/],
    ['busy', (server) => server.reply(429, ''), /it answers 429/],
    ['elsewhere', (server) => server.reply(307, ''), /redirects are not followed/],
    ['slow', (server) => server.hang(), /no answer within 200 ms/],
    ['broken', (server) => (server.answer = (_, response) => response.destroy()), /can't be reached/],
  ])('%s', async (_, break_, detail) => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server, { authenticationTimeout: 200 });
    break_(server);
    const outcome = await policy.decide('good');
    expect(outcome).toMatch(/^unavailable: the authorization server: /);
    expect(outcome).toMatch(detail);
    expect(outcome).not.toContain('good');
    server.recover();
    // Nothing is remembered of it.
    expect(await policy.decide('good')).toMatchObject({ identity: {} });
  });

  test('dead', async () => {
    const server = await serving();
    using policy = new IntrospectionPolicy({ url: server.url });
    await server[Symbol.asyncDispose]();
    expect(await policy.decide('good')).toMatch(/ECONNREFUSED/);
  });

  test('and each request waits no longer than it has time', async () => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server, { authenticationTimeout: 60_000 });
    server.hang();
    const deadline = policy.time.monotonic() + 100;
    expect(await policy.decide('good', { deadline })).toMatch(/no answer in time/);
  });

  test('five times in a row: it is not asked, what is remembered passes, and then one asks', async () => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server);
    await policy.decide('good');
    server.reply(503, '');
    for (let call = 0; call < 5; call += 1) await policy.decide(`new-${call}`);
    const { length } = server.calls;
    for (let call = 0; call < 100; call += 1) expect(await policy.decide(`more-${call}`)).toMatch(/is not asked/);
    expect(server.calls).toHaveLength(length);
    expect(policy.policy.decide(policy.request('good'))).toMatchObject({ identity: {} });
    server.recover();
    policy.time.advance(1000);
    expect(await policy.decide('more')).toBe('token_invalid');
    expect(server.calls).toHaveLength(length + 1);
  });
});

describe('we authenticate', () => {
  async function callOf(config: Record<string, unknown>, files: Record<string, string> = {}) {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server, config, files);
    await policy.decide('good');
    const [call] = server.calls;
    if (call === undefined) throw new Error('nothing was asked');
    return { ...call, url: server.url };
  }

  test('by Basic, each part in the encoding of forms', async () => {
    const method = 'client_secret_basic';
    const own = { method, clientId: 'a:b', clientSecret: 'pä ss%' };
    const { headers } = await callOf({ clientAuthentication: own });
    expect(atob(headers.authorization?.slice('Basic '.length) ?? '')).toBe('a%3Ab:p%C3%A4+ss%25');
  });

  test('by parameters, with a secret of a file', async () => {
    const own = { method: 'client_secret_post', clientId: 'me', clientSecretFile: 'secret' };
    const { headers, parameters } = await callOf({ clientAuthentication: own }, { secret: 'a&b=c\n' });
    expect([parameters.get('client_id'), parameters.get('client_secret')]).toEqual(['me', 'a&b=c']);
    expect(headers.authorization).toBeUndefined();
  });

  test('by an assertion that our key has signed', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const files = { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    const own = { method: 'private_key_jwt', clientId: 'me', privateKeyFile: 'key', algorithm: 'ES256', keyId: 'k1' };
    const { parameters, url } = await callOf({ clientAuthentication: own }, files);
    expect(parameters.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const verified = await jwtVerify(parameters.get('client_assertion') ?? '', publicKey, {
      issuer: 'me',
      subject: 'me',
      audience: url,
      currentDate: new Date(1_767_225_600_000),
    });
    expect(verified.protectedHeader).toEqual({ alg: 'ES256', kid: 'k1', typ: 'JWT' });
    expect(verified.payload.exp).toBe((verified.payload.iat ?? 0) + 60);
    expect(verified.payload.jti).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('by a header as it is, or not at all', async () => {
    const given = await callOf({ clientAuthentication: undefined, authorizationValue: 'Bearer own-token' });
    expect(given.headers.authorization).toBe('Bearer own-token');
    const none = await callOf({ clientAuthentication: { method: 'none' } });
    expect(none.headers.authorization).toBeUndefined();
  });
});

describe('the endpoint is found by the metadata of the issuer', () => {
  test('which are asked for once', async () => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server, { issuer: server.issuer });
    expect(await policy.decide('good')).toMatchObject({ identity: {} });
    await policy.decide('bad');
    expect(server.asksForMetadata).toBe(1);
  });

  test.each([
    ['of another issuer', { issuer: 'https://other.example.com' }, /another issuer/],
    ['without the endpoint', { introspection_endpoint: undefined }, /name no introspection_endpoint/],
    ['with an endpoint over http', { introspection_endpoint: 'http://elsewhere.example.com/' }, /over http/],
    ['with a link-local endpoint', { introspection_endpoint: 'http://169.254.169.254/' }, /link-local/],
  ])('but not %s', async (_, metadata, detail) => {
    await using server = await serving();
    server.metadata = metadata;
    using policy = new IntrospectionPolicy(server, { issuer: server.issuer });
    expect(await policy.decide('good')).toMatch(detail);
    expect(server.calls).toHaveLength(0);
    server.metadata = {};
    expect(await policy.decide('good')).toMatchObject({ identity: {} });
  });

  test('and anew where calls fail: it may have moved', async () => {
    await using server = await serving();
    await using moved = await serving();
    using policy = new IntrospectionPolicy(server, { issuer: server.issuer });
    await policy.decide('good');
    server.metadata = { introspection_endpoint: moved.url };
    server.reply(404, '');
    expect(await policy.decide('new')).toMatch(/it answers 404/);
    policy.time.advance(10_000);
    expect(await policy.decide('new')).toBe('token_invalid');
    expect(moved.calls).toHaveLength(1);
  });
});

describe('a signed answer (RFC 9701)', () => {
  const key = signingKey('RS256', 'k1');
  const now = 1_767_225_600;

  async function outcomeOf(
    change: Record<string, unknown>,
    { typ = 'token-introspection+jwt', contentType = 'application/token-introspection+jwt', forged = false } = {},
  ): Promise<unknown> {
    const signing = await key;
    const signer = forged ? await signingKey('RS256', 'k1') : signing;
    await using server = await serving();
    server.keySet = JSON.stringify({ keys: [signing.jwk] });
    const config = { issuer: server.issuer, signedResponse: true };
    const answer = { iss: server.issuer, aud: 'ostiary', iat: now, token_introspection: { active: true, ...CLAIMS } };
    server.reply(200, await signed(signer, { ...answer, ...change }, { typ }), contentType);
    using policy = new IntrospectionPolicy(server, config);
    const outcome = await policy.decide('good');
    expect(server.calls[0]?.headers.accept).toBe('application/token-introspection+jwt');
    return outcome;
  }

  test('is verified by the keys of the issuer', async () => {
    expect(await outcomeOf({})).toMatchObject({ identity: { claims: CLAIMS } });
    expect(await outcomeOf({ token_introspection: { active: false } })).toBe('token_invalid');
  });

  test.each<[string, Record<string, unknown>, object, RegExp]>([
    ['of another key', {}, { forged: true }, /can't be verified/],
    ['of another issuer', { iss: 'https://other' }, {}, /of another issuer/],
    ['for another client', { aud: 'other' }, {}, /for another client/],
    ['of long ago', { iat: now - 301 }, {}, /was not made now/],
    ['without its claims', { token_introspection: undefined }, {}, /has no token_introspection/],
    ['that is an access token', {}, { typ: 'at+jwt' }, /another type/],
    ['that is not told to be one', {}, { contentType: 'application/json' }, /is not signed/],
  ])('%s is none', async (_, change, how, detail) => {
    expect(await outcomeOf(change, how)).toMatch(detail);
  });
});
