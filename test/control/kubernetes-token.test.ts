import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { vouchingBy } from '../../src/control/trust/vouching.ts';
import { Code } from '../../src/grpc/rpc.ts';
import { ISSUER, tokenIssuer } from './kubernetes-tokens.ts';

let nowMs = Date.UTC(2027, 0, 1);
const clock: Clock = { now: () => nowMs, monotonic: () => nowMs };
const issuer = tokenIssuer(() => nowMs);

function trusting(rules: readonly string[] = [`${ISSUER},cluster=eu-1`], read: () => object = () => issuer.jwks) {
  const faults: string[] = [];
  let reads = 0;
  const ports = {
    clock,
    onFault: (detail: string) => void faults.push(detail),
    read: async () => {
      reads++;
      return read();
    },
  };
  const vouching = vouchingBy({ spiffe: [], kubernetes: rules }, ports);
  if (vouching === undefined) throw new Error('nobody is trusted');
  return { ofToken: (token: string) => vouching.ofToken(token), faults, reads: () => reads };
}

test('a pod with a token of its cluster is a node, and its scope is its namespace', async () => {
  expect(await trusting().ofToken(issuer.token())).toEqual({
    subject: `kubernetes:${ISSUER} shop/web-7d9f-x2`,
    instance: '11111111-1111-1111-1111-111111111111',
    node: 'eu-1.shop/web-7d9f-x2',
    scope: { namespaces: ['eu-1.shop'], apis: [], labels: {} },
    issuedAt: nowMs,
    expiresAt: nowMs + 3_617_000,
  });
  expect((await trusting([ISSUER]).ofToken(issuer.token())).scope.namespaces).toEqual(['shop']);
});

const seconds = Math.floor(nowMs / 1000);
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const bound = (change: object) => ({
  'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'web' }, ...change },
});
const POD = { name: 'web-0', uid: 'u' };

test.each([
  ['has expired', issuer.token({ exp: seconds - 11 }), /has expired/],
  ['has no end', issuer.token({ exp: undefined }), /has no exp/],
  ['does not count yet', issuer.token({ nbf: seconds + 60 }), /does not count yet/],
  ['is for another audience', issuer.token({ aud: ['https://kubernetes.default.svc'] }), /another audience/],
  ['is for no audience', issuer.token({ aud: undefined }), /has no aud/],
  ['is of another issuer', issuer.token({ iss: `${ISSUER}/` }), /no issuer of --trust-kubernetes/],
  ['is of no issuer', issuer.token({ iss: undefined }), /no issuer of --trust-kubernetes/],
  ['nobody has signed', issuer.token({}, { alg: 'none' }), /is no JWS in compact form|algorithm|no issuer/],
  ['says that a secret has signed it', issuer.token({}, { alg: 'HS256' }), /algorithm of the token is not allowed/],
  ['says another algorithm than its key is for', issuer.token({}, { alg: 'RS512' }), /no key of its issuer/],
  ['another key has signed', issuer.token({}, { key: other }), /no key of its issuer has signed/],
  ['another key, by another name, has signed', issuer.token({}, { key: other, kid: 'two' }), /no key of its issuer/],
  ['is bound to no pod', issuer.token(bound({})), /bound to no pod/],
  ['names a pod without a uid', issuer.token(bound({ pod: { name: 'web-0' } })), /bound to no pod/],
  ['names a pod like a path', issuer.token(bound({ pod: { ...POD, name: '../web-0' } })), /names no namespace and pod/],
  ['names a namespace with a dot', issuer.token(bound({ pod: POD, namespace: 'a.b' })), /names no namespace and pod/],
  ['has the sub of another account', issuer.token({ sub: 'system:serviceaccount:food:web' }), /sub of the token/],
  ['is of a legacy Secret', issuer.token({ 'kubernetes.io': undefined }), /bound to no pod/],
])('a token that %s is refused', async (_what, token, why) => {
  const refused = trusting().ofToken(token);
  await expect(refused).rejects.toMatchObject({ code: Code.unauthenticated });
  await expect(refused).rejects.toThrow(why);
  await expect(refused).rejects.not.toThrow(token);
});

test('a rule may be for one service account, and of several rules any may fit', async () => {
  const rules = [`${ISSUER},service-account=api`, `${ISSUER},audience=other`, `${ISSUER},cluster=eu-2`];
  expect((await trusting(rules).ofToken(issuer.token())).node).toBe('eu-2.shop/web-7d9f-x2');
  await expect(trusting(rules.slice(0, 1)).ofToken(issuer.token())).rejects.toThrow(/another service account/);
});

test('new keys are looked for when a token comes that no known key fits, and not for each such token', async () => {
  let keys: object = tokenIssuer().jwks;
  const rotated = { ...issuer.jwks };
  const trust = trusting(undefined, () => keys);
  await expect(trust.ofToken(issuer.token({}, { kid: 'two' }))).rejects.toThrow(/no key of its issuer/);
  for (let n = 0; n < 20; n++) {
    await expect(trust.ofToken(issuer.token({}, { kid: `k${n}` }))).rejects.toThrow(/no key of its issuer/);
  }
  expect(trust.reads()).toBe(1);
  keys = rotated;
  nowMs += 5 * 60_000 + 1;
  expect(await trust.ofToken(issuer.token())).toMatchObject({ node: 'eu-1.shop/web-7d9f-x2' });
  expect(trust.reads()).toBe(2);
});

test('an issuer that is away is told once; its keys are good for a day, and then nobody is let in', async () => {
  let isAway = true;
  const trust = trusting(undefined, () => {
    if (isAway) throw new Error('nobody answers');
    return issuer.jwks;
  });
  await expect(trust.ofToken(issuer.token())).rejects.toMatchObject({ code: Code.unavailable });
  nowMs += 6000;
  await expect(trust.ofToken(issuer.token())).rejects.toMatchObject({ code: Code.unavailable });
  expect(trust.faults).toEqual([`keys of ${ISSUER}: nobody answers`]);
  isAway = false;
  nowMs += 6000;
  await trust.ofToken(issuer.token());
  isAway = true;
  nowMs += 23 * 3_600_000;
  await trust.ofToken(issuer.token());
  nowMs += 2 * 3_600_000;
  await expect(trust.ofToken(issuer.token())).rejects.toMatchObject({ code: Code.unavailable });
});
