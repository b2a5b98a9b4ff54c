import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { api, client, contract, credentials, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { callGrpc, echoOf, send } from './request.ts';

const envoy = await partOrSkip('envoy');

const keys = { 'https://a.example': 'a'.repeat(32), 'https://b.example': 'b'.repeat(32) } as const;
type Issuer = keyof typeof keys;

const jwt = (issuer: Issuer) => ({
  policyRef: { name: 'jwt-validation' },
  config: { signingMethod: 'hmac', textKey: keys[issuer], issuer, skipClientIdValidation: true },
});

/** A token that names one issuer and is signed by the key of one. */
function bearer(issuer: string, signer: Issuer): Record<string, string> {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'HS256' })}.${encode({ iss: issuer, exp: 4_102_444_800 })}`;
  const signature = createHmac('sha256', keys[signer]).update(signed).digest('base64url');
  return { authorization: `Bearer ${signed}.${signature}` };
}

describe.skipIf(envoy === undefined).each(['normalized', 'raw'] as const)('a group, headers sent %s', (front) => {
  let mesh: Mesh;
  beforeAll(async () => {
    const anyOf = [
      jwt('https://a.example'),
      jwt('https://b.example'),
      { policyRef: { name: 'client-id-enforcement' } },
    ];
    mesh = await startMesh({
      policies: documentsFolder([
        api('orders', { policies: [{ authentication: { anyOf } }] }),
        client('gold'),
        contract('gold', 'orders'),
      ]),
    });
  });
  afterAll(() => mesh?.stop());
  const get = (headers: Record<string, string | readonly string[]>) =>
    send(mesh.envoy.port(front), '/orders/1', { headers });

  test('lets either of the alternatives through', async () => {
    const answers = [
      await get(bearer('https://a.example', 'https://a.example')),
      await get(bearer('https://b.example', 'https://b.example')),
      await get(credentials('gold')),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('refuses what is wrong, whatever else is there', async () => {
    const wrong: Record<string, string | readonly string[]>[] = [
      bearer('https://a.example', 'https://b.example'),
      { ...credentials('gold'), ...bearer('https://b.example', 'https://a.example') },
      { ...credentials('gold'), ...bearer('https://c.example', 'https://a.example') },
      { ...credentials('gold'), authorization: 'Bearer' },
      { ...credentials('gold'), authorization: ['Basic eDp5', 'Bearer x'] },
      { ...credentials('gold'), client_secret: 'guess' },
      { client_id: '' },
    ];
    for (const headers of wrong) expect([headers, (await get(headers)).status]).toEqual([headers, 401]);
  });

  test('says with a challenge each what could be given', async () => {
    const answer = await get({});
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer, Client-ID-Enforcement');
    const invalid = await get({ authorization: 'Bearer x' });
    expect(invalid.headers['www-authenticate']).toBe('Bearer error="invalid_token", Client-ID-Enforcement');
    const grpc = await callGrpc(mesh.envoy.port(front), '/orders/shop.Orders/List', {});
    expect(grpc).toMatchObject({ 'grpc-status': '16' });
  });

  test('keeps from the upstream the credentials that nobody has verified', async () => {
    const token = bearer('https://a.example', 'https://a.example');
    const forged = { client_id: 'victim', client_secret: 'x', 'x-ostiary-client-id': 'victim' };
    const { headers } = echoOf(await get({ ...token, ...forged }));
    expect(headers['authorization']).toBe(token['authorization']);
    expect(Object.keys(headers).filter((name) => /client/.test(name))).toEqual([]);
    const byClient = echoOf(await get({ ...credentials('gold'), authorization: 'Digest x' }));
    expect(byClient.headers).not.toHaveProperty('authorization');
    expect(byClient.headers).toMatchObject({ 'x-ostiary-client-id': 'gold-id' });
  });
});
