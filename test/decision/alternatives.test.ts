import { createHmac } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { decide } from '../../src/decision/pipeline.ts';
import type { Decision } from '../../src/decision/decision.ts';
import { createAnswerWriter } from '../../src/envoy/write-answer.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { policyKinds } from '../../src/policies/index.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { document, snapshotOf } from '../document/documents.ts';
import { checkOf, portsOf } from '../policy/fixtures.ts';

const changed = { policyKinds, environment: policyEnvironment() };

const A = { issuer: 'https://a.example', textKey: 'a'.repeat(32) };
const B = { issuer: 'https://b.example', textKey: 'b'.repeat(32) };

function jwt(name: string, of: typeof A, more: object = {}) {
  const config = { signingMethod: 'hmac', ...of, skipClientIdValidation: true, ...more };
  return { name, policyRef: { name: 'jwt-validation' }, config };
}

const CLIENTS = { name: 'clients', policyRef: { name: 'client-id-enforcement' }, config: {} };
const BASIC = {
  name: 'basic',
  policyRef: { name: 'client-id-enforcement' },
  config: { credentialsOriginHasHttpBasicAuthenticationHeader: 'httpBasicAuthenticationHeader' },
};

/** Signed by the key of `signer`, whatever issuer the claims tell. */
function token(claims: object, signer: typeof A): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'HS256' })}.${encode({ exp: 4_102_444_800, ...claims })}`;
  return `${signed}.${createHmac('sha256', signer.textKey).update(signed).digest('base64url')}`;
}

const bearer = (claims: object, signer: typeof A) => ({ authorization: `Bearer ${token(claims, signer)}` });
const KNOWN = { client_id: 'shop-id', client_secret: 'shop-secret' };

function orders(anyOf: readonly object[], more: object = {}): Promise<Snapshot> {
  return snapshotOf(
    {
      'api.json': document('Api', 'orders', { policies: [{ authentication: { anyOf }, ...more }] }),
      'client.json': document('ClientApplication', 'shop', {
        clientId: 'shop-id',
        clientSecret: { value: 'shop-secret' },
      }),
      'contract.json': document('Contract', 'shop-orders', {
        clientApplication: 'shop',
        api: 'orders',
        status: 'approved',
      }),
    },
    changed,
  );
}

async function ask(snapshot: Snapshot, headers: Record<string, string>, path = '/'): Promise<Decision> {
  return decide(snapshot, checkOf({ headers, path }), portsOf(), Infinity);
}

const policyOf = async (snapshot: Snapshot, headers: Record<string, string>) => {
  const { denial, steps } = await ask(snapshot, headers);
  const by = steps.filter(({ result }) => result === 'allow' || result === 'deny').map(({ name }) => name);
  return [denial?.reason ?? 'allowed', ...by.map((name) => name.replace('orders/authentication', '…'))];
};

it('a token or a client id: either is enough, and nothing is a denial', async () => {
  const snapshot = await orders([jwt('tokens', A), CLIENTS]);
  expect(await policyOf(snapshot, bearer({ iss: A.issuer }, A))).toEqual(['allowed', '…/tokens']);
  expect(await policyOf(snapshot, KNOWN)).toEqual(['allowed', '…/clients']);
  expect(await policyOf(snapshot, {})).toEqual(['credential_missing', '…']);
  expect(await policyOf(snapshot, { authorization: 'Basic eDp5' })).toEqual(['credential_missing', '…']);
});

it('what is present and wrong is refused, whatever else the request has', async () => {
  const snapshot = await orders([jwt('tokens', A), CLIENTS]);
  for (const authorization of ['Bearer forged', 'Bearer', 'bearer a.b.c', 'Bearer x, Bearer y', 'Basic x, Bearer y']) {
    expect(await policyOf(snapshot, { ...KNOWN, authorization })).toEqual(['token_invalid', '…/tokens']);
  }
  // In the other order the client id is looked at first.
  const reverse = await orders([CLIENTS, jwt('tokens', A)]);
  const wrong = { ...bearer({ iss: A.issuer }, A), client_id: 'shop-id', client_secret: 'guess' };
  expect(await policyOf(reverse, wrong)).toEqual(['client_rejected', '…/clients']);
  expect(await policyOf(reverse, { ...bearer({ iss: A.issuer }, A), client_id: '' })).toEqual([
    'client_rejected',
    '…/clients',
  ]);
});

it('of two issuers the one that the token names decides, and verifies it by its own keys', async () => {
  const snapshot = await orders([jwt('a', A), jwt('b', B)]);
  expect(await policyOf(snapshot, bearer({ iss: A.issuer }, A))).toEqual(['allowed', '…/a']);
  expect(await policyOf(snapshot, bearer({ iss: B.issuer }, B))).toEqual(['allowed', '…/b']);
  // Each key signs for its own issuer alone.
  expect(await policyOf(snapshot, bearer({ iss: A.issuer }, B))).toEqual(['token_invalid', '…/a']);
  expect(await policyOf(snapshot, bearer({ iss: B.issuer }, A))).toEqual(['token_invalid', '…/b']);
  // Nobody is meant: the first refuses.
  for (const claims of [{ iss: 'https://c.example' }, {}, { iss: [A.issuer] }, { iss: { toString: B.issuer } }]) {
    expect(await policyOf(snapshot, bearer(claims, B))).toEqual(['token_invalid', '…/a']);
  }
  expect(await policyOf(snapshot, { authorization: 'Bearer opaque' })).toEqual(['token_invalid', '…/a']);
});

it('a token that names nobody does not fall through to another credential', async () => {
  const snapshot = await orders([jwt('a', A), CLIENTS, jwt('b', B)]);
  expect(await policyOf(snapshot, { ...KNOWN, ...bearer({ iss: 'https://c.example' }, A) })).toEqual([
    'token_invalid',
    '…/a',
  ]);
  expect(await policyOf(snapshot, { ...KNOWN, ...bearer({ iss: B.issuer }, B) })).toEqual(['allowed', '…/b']);
});

it('all of: an alternative counts with all of its credentials', async () => {
  const snapshot = await orders([{ allOf: [jwt('tokens', A), CLIENTS] }, BASIC]);
  const both = { ...bearer({ iss: A.issuer }, A), ...KNOWN };
  expect(await policyOf(snapshot, both)).toEqual(['allowed', '…/tokens', '…/clients']);
  expect(await policyOf(snapshot, KNOWN)).toEqual(['credential_missing', '…']);
  expect(await policyOf(snapshot, bearer({ iss: A.issuer }, A))).toEqual(['credential_missing', '…']);
  expect(await policyOf(snapshot, { ...both, client_secret: 'no' })).toEqual([
    'client_rejected',
    '…/tokens',
    '…/clients',
  ]);
  const { steps } = await ask(snapshot, { ...both, authorization: 'Bearer forged' });
  expect(steps.map(({ name, result }) => [name.split('/').at(-1), result])).toEqual([
    ['basic', 'not_applicable'],
    ['tokens', 'deny'],
    ['clients', 'not_reached'],
  ]);
});

it('the upstream learns of the one that decided, and sees no credential of the others', async () => {
  const snapshot = await orders([jwt('tokens', A, { claimsToHeaders: [{ claim: 'sub', header: 'x-user' }] }), CLIENTS]);
  const forged = { 'x-user': 'root', 'x-ostiary-client-id': 'root' };
  const byToken = await ask(snapshot, {
    ...bearer({ iss: A.issuer, sub: 'ann' }, A),
    client_id: 'victim',
    client_secret: 'x',
    ...forged,
  });
  expect(byToken.denial).toBeUndefined();
  expect(byToken.upstream).toEqual([['x-user', 'ann']]);
  expect(byToken.identity.client).toBeUndefined();
  expect(byToken.remove).toEqual(expect.arrayContaining(['client_id', 'client_secret', 'x-ostiary-client-id']));
  expect(byToken.remove).not.toContain('authorization');

  const byClient = await ask(snapshot, { ...KNOWN, ...forged });
  expect(byClient.identity.client?.name).toBe('shop');
  expect(byClient.upstream.map(([name]) => name)).not.toContain('x-user');
  expect(byClient.remove).toEqual(expect.arrayContaining(['authorization', 'x-user']));
});

it('a password that nobody looked at does not reach the upstream in the place of a token', async () => {
  const snapshot = await orders([CLIENTS, BASIC]);
  const { remove, denial } = await ask(snapshot, { ...KNOWN, authorization: 'Basic dmljdGltOng=' });
  expect(denial).toBeUndefined();
  expect(remove).toContain('authorization');
});

it('nor does one in a header that the alternative which decides could have used', async () => {
  const places = [{ header: 'x-key' }, { header: 'authorization', scheme: 'Key' }];
  const keyed = { policyRef: { name: 'api-key' }, config: { places } };
  const ofGroup = (await orders([keyed, jwt('tokens', A)])).apis[0]?.access[0]?.alternatives ?? [];
  expect(ofGroup.map(({ hidden, contested }) => [hidden, contested.map(({ headers }) => headers)])).toEqual([
    [[], [['authorization']]],
    [['x-key'], [['authorization']]],
  ]);
  const both = { ...bearer({ iss: A.issuer }, A), authorization: 'Bearer forged, Key x' };
  expect((await ask(await orders([jwt('tokens', A), keyed]), both)).denial?.reason).toBe('token_invalid');
  const { remove } = await ask(await orders([jwt('tokens', A), keyed]), bearer({ iss: A.issuer }, A));
  expect(remove).not.toContain('authorization');
  expect(remove).toContain('x-key');
});

it('in shadow mode it changes nothing, and tells what it would have done', async () => {
  const snapshot = await orders([jwt('tokens', A), CLIENTS], { mode: 'shadow' });
  const nothing = await ask(snapshot, {});
  expect(nothing).toMatchObject({ denial: undefined, steps: [{ mode: 'shadow', result: 'deny' }] });
  const client = await ask(snapshot, KNOWN);
  expect([client.upstream, client.identity]).toEqual([[], {}]);
  expect(client.remove).not.toContain('authorization');
  expect(client.steps).toMatchObject([{ result: 'not_applicable' }, { result: 'allow', mode: 'shadow' }]);
});

it('its rules hold for the whole group', async () => {
  const snapshot = await orders([jwt('tokens', A), CLIENTS], { rules: [{ path: '/admin/.*' }] });
  expect((await ask(snapshot, {}, '/admin/x')).denial?.reason).toBe('credential_missing');
  expect((await ask(snapshot, {}, '/public')).denial).toBeUndefined();
});

it('the challenge lists all, each in a header of its own and that of the refusal first', async () => {
  const snapshot = await orders([jwt('tokens', A, { requiredScopes: ['read', 'write'] }), BASIC, CLIENTS]);
  const challengesOf = async (headers: Record<string, string>) => {
    const bytes = createAnswerWriter()(await ask(snapshot, headers), checkOf({ headers }), snapshot.reasons);
    const { httpResponse } = fromBinary(CheckResponseSchema, bytes);
    if (httpResponse.case !== 'deniedResponse') throw new Error('it was allowed');
    return httpResponse.value.headers
      .filter(({ header }) => header?.key === 'www-authenticate')
      .map(({ header }) => header?.value);
  };
  expect(await challengesOf({})).toEqual([
    'Bearer scope="read write"',
    'Basic realm="ostiary"',
    'Client-ID-Enforcement',
  ]);
  expect(await challengesOf({ authorization: 'Bearer x' })).toEqual([
    'Bearer error="invalid_token"',
    'Basic realm="ostiary"',
    'Client-ID-Enforcement',
  ]);
  // What is short is the token's scope: another credential is not asked for.
  expect(await challengesOf(bearer({ iss: A.issuer, scope: 'read' }, A))).toEqual([
    'Bearer error="insufficient_scope", scope="read write"',
  ]);
});

it('a workload that the mesh has authenticated is asked last, for nothing', async () => {
  const workload = { name: 'workload', policyRef: { name: 'workload-identity' } };
  const snapshot = await orders([CLIENTS, workload]);
  const nothing = await ask(snapshot, {});
  expect(nothing.denial).toMatchObject({ reason: 'credential_missing', challenges: ['Client-ID-Enforcement'] });
  const check = checkOf({ sourcePrincipal: 'spiffe://example/ns/shop/sa/web' });
  const unknown = await decide(snapshot, check, portsOf(), Infinity);
  expect(unknown.policy).toBe('orders/authentication/workload');
  expect(unknown.denial?.challenging?.others).toEqual(['Client-ID-Enforcement']);
});

it('a policy that fails is a denial', async () => {
  const snapshot = await orders([CLIENTS]);
  const headers = { ...KNOWN };
  const broken = {
    ...checkOf({ headers }),
    header: () => {
      throw new Error('broken');
    },
  };
  const decision = await decide(snapshot, broken, portsOf(), Infinity);
  expect(decision.denial?.reason).toBe('policy_failed');
});
